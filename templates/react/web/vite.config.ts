import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// The API of `krowoc dev`, or the API at KROWOC_URL. It sees the host of the page, so that a log-in returns to it.
const target = process.env["KROWOC_URL"] ?? "http://127.0.0.1:8080";

// Shows schema errors on the page, and reloads the page when the API changes.
const devConsole = process.env["KROWOC_CONSOLE_URL"];
const follow: Plugin = {
  name: "krowoc",
  apply: "serve",
  transformIndexHtml: () => (devConsole ? [{ tag: "script", attrs: { src: `${devConsole}/client.js` } }] : []),
};

export default defineConfig({
  plugins: [react(), follow],
  server: { proxy: { "/graphql": { target }, "/auth/": { target }, "/relay/": { target }, "/errors": { target } } },
});
