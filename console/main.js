// @ts-check
// Starts the console: the user signs in, then the screens appear.

import { Api } from "./api.js";
import { App } from "./app.js";
import { html, render } from "./html.js";
import { ApiContext, SessionContext } from "./load.js";
import { followLinks } from "./router.js";
import { signIn, startSession } from "./session.js";
import { Welcome } from "./screens/welcome.js";

const app = /** @type {HTMLElement} */ (document.getElementById("app"));

async function start() {
  let session = null;
  let error = null;
  try {
    session = await startSession();
  } catch (caught) {
    error = /** @type {Error} */ (caught);
  }
  if (!session) {
    render(html`<${Welcome} signIn=${signIn} error=${error} />`, app);
    document.documentElement.dataset.ready = "true";
    return;
  }
  followLinks();
  render(
    html`
      <${SessionContext.Provider} value=${session}>
        <${ApiContext.Provider} value=${new Api(session)}><${App} /><//>
      <//>
    `,
    app,
  );
}

await start();
