import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Analytics } from "./analytics";
import { App } from "./App";
import { LoggedIn } from "./LogIn";
import { reportErrors } from "./errors";

reportErrors();

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <LoggedIn>
      <App />
    </LoggedIn>
    <Analytics />
  </StrictMode>,
);
