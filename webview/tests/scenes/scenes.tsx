/** The window in every state, without a program or a room: for looking at it. `?scene=NAME&theme=day|night` */
import { render } from "preact";

import { SessionStore } from "../../src/session/store";
import { App } from "../../src/ui/app";
import { WindowState, type Actions } from "../../src/ui/context";
import "../../src/ui/styles/index.css";
import { drawFakeAvatar } from "./fake-avatar";
import { isScene, SCENES } from "./scene-list";

const query = new URLSearchParams(location.search);
const name = query.get("scene") ?? "listening";
const theme = query.get("theme") === "night" ? "night" : "day";
if (!isScene(name)) throw new Error(`there is no scene ${name}`);

const store = new SessionStore();
const view = new WindowState();
const done = (): Promise<void> => Promise.resolve();
const actions: Actions = { begin: done, end: done, say: done, remedy: done, setMuted: done, set: done };

store.settings.value = { ...store.settings.value, theme };
const root = document.getElementById("app");
if (root) render(<App ui={{ store, actions, view }} onStage={(container) => drawFakeAvatar(container, theme)} />, root);
SCENES[name](store, view);
