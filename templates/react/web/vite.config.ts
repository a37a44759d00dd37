import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The API of `krowoc dev`, or of the address in KROWOC_URL.
const api = process.env["KROWOC_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/graphql": api } },
});
