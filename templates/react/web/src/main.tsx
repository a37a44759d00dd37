import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { LoggedIn } from "./LogIn";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <LoggedIn>
      <App />
    </LoggedIn>
  </StrictMode>,
);
