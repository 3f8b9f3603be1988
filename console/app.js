// @ts-check
// The frame of all screens: navigation, the user, and the screen that the address names.

import { SignInAgain } from "./components/feedback.js";
import { Screen } from "./components/layout.js";
import { html, useEffect, useState } from "./html.js";
import { useHasRole, useReady, useSession } from "./load.js";
import { isId, ROOT, useAddress } from "./router.js";
import { BatchScreen } from "./screens/batch.js";
import { BatchesScreen } from "./screens/batches.js";
import { CompareScreen } from "./screens/compare.js";
import { LoadScreen } from "./screens/load.js";
import { NewBatchScreen } from "./screens/new_batch.js";
import { OperationsScreen } from "./screens/operations.js";
import { ReferenceScreen } from "./screens/reference.js";
import { ReferencesScreen } from "./screens/references.js";
import { RobotScreen } from "./screens/robot.js";
import { RobotsScreen } from "./screens/robots.js";
import { WebhookScreen } from "./screens/webhook.js";
import { WebhooksScreen } from "./screens/webhooks.js";
import { signOut } from "./session.js";

/**
 * The screens. A path may end with an id. `role` is what a user needs to see it in the navigation.
 *
 * @type {{path: string, screen: any, name?: string, role?: string}[]}
 */
const SCREENS = [
  { path: "batches", screen: BatchesScreen, name: "Batches", role: "requestor" },
  { path: "batches/:id", screen: BatchScreen },
  { path: "new", screen: NewBatchScreen, name: "New batch", role: "requestor" },
  { path: "references", screen: ReferencesScreen, name: "References", role: "requestor" },
  { path: "references/:id", screen: ReferenceScreen },
  { path: "load", screen: LoadScreen, name: "Load references", role: "contributor" },
  { path: "robots", screen: RobotsScreen, name: "Robots", role: "requestor" },
  { path: "robots/:id", screen: RobotScreen },
  { path: "compare", screen: CompareScreen, name: "Compare", role: "requestor" },
  { path: "webhooks", screen: WebhooksScreen, name: "Webhooks", role: "requestor" },
  { path: "webhooks/:id", screen: WebhookScreen },
  { path: "operations", screen: OperationsScreen, name: "Operations", role: "operator" },
];

/** Return the screen of a path and the id in it. An empty path is the first screen that the user may use. @param {string} path @param {string[]} roles */
function findScreen(path, roles) {
  const [first = "", second, ...rest] = path.split("/").filter(Boolean);
  if (rest.length || (second !== undefined && !isId(second))) return null;
  const start = SCREENS.find(({ role }) => roles.includes("operator") || (role && roles.includes(role))) ?? SCREENS[0];
  const wanted = second === undefined ? first || start.path : `${first}/:id`;
  const found = SCREENS.find((screen) => screen.path === wanted);
  return found ? { ...found, id: second } : null;
}

export function App() {
  const address = useAddress();
  const path = address.pathname.slice(ROOT.length);
  const found = findScreen(path, useSession().roles);
  return html`
    <a class="skip" href="#main" onClick=${skipNavigation}>Skip to the content</a>
    <${Navigation} path=${path} />
    <div id="main" class="content">
      ${found ? html`<${found.screen} key=${`${found.path} ${found.id}`} id=${found.id} />` : html`<${Missing} />`}
    </div>
    <${SignInAgain} />
  `;
}

/** @param {Event} event */
function skipNavigation(event) {
  event.preventDefault();
  document.querySelector("h1")?.focus();
}

/** @param {{path: string}} props */
function Navigation({ path }) {
  const session = useSession();
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => setIsOpen(false), [path]);
  const current = path.split("/")[0] || SCREENS[0].path;
  return html`
    <header class="bar">
      <a class="brand" href=${ROOT}>Enhancement Exchange</a>
      <button type="button" class="menu" aria-expanded=${isOpen} aria-controls="menu" onClick=${() => setIsOpen(!isOpen)}>
        Menu
      </button>
      <nav id="menu" class=${isOpen ? "open" : ""} aria-label="Screens">
        <ul>
          ${SCREENS.filter((screen) => screen.name).map((screen) => html`<${NavigationItem} key=${screen.path} screen=${screen} current=${current} />`)}
        </ul>
        <p class="user">
          <span>${session.name}</span>
          <span class="quiet">${session.roles.join(", ") || "no role"}</span>
          <button type="button" class="small" onClick=${signOut}>Sign out</button>
        </p>
      </nav>
    </header>
  `;
}

/** @param {{screen: {path: string, name?: string, role?: string}, current: string}} props */
function NavigationItem({ screen, current }) {
  const isAllowed = useHasRole(screen.role ?? "requestor");
  if (!isAllowed) return null;
  return html`<li><a href=${ROOT + screen.path} aria-current=${screen.path === current ? "page" : undefined}>${screen.name}</a></li>`;
}

function Missing() {
  useReady();
  return html`
    <${Screen} title="There is no such screen"><p>The address may be mistyped. <a href=${ROOT}>Go to the batches</a>.</p><//>
  `;
}
