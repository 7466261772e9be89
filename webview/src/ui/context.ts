/** What every part of the window can reach: the session's store, the user's actions, and which parts are open. */
import { signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { WritableSetting } from "../bridge";
import type { Character } from "../session/characters";
import type { SessionStore } from "../session/store";

/** What the user can do. */
export interface Actions {
  begin(): Promise<void>;
  end(): Promise<void>;
  say(text: string): Promise<void>;
  remedy(): Promise<void>;
  setMuted(muted: boolean): Promise<void>;
  set(key: WritableSetting, value: string | number | boolean | null): Promise<void>;
}

export type Overlay = "none" | "microphone" | "settings";

/** Which parts of the window are open; nobody but the window cares. */
export class WindowState {
  readonly overlay = signal<Overlay>("none");
  readonly transcript = signal(false);
  readonly diagnostics = signal(false);
  readonly characters = signal<readonly Character[]>([]);

  toggle(overlay: Exclude<Overlay, "none">): void {
    this.overlay.value = this.overlay.value === overlay ? "none" : overlay;
  }

  close(): void {
    this.overlay.value = "none";
  }
}

export interface Ui {
  readonly store: SessionStore;
  readonly actions: Actions;
  readonly view: WindowState;
}

export const UiContext = createContext<Ui | null>(null);

export function useUi(): Ui {
  const ui = useContext(UiContext);
  if (ui === null) throw new Error("a part of the window was drawn outside of it");
  return ui;
}

/** Start an action from an event handler; actions report their own failures to the store. */
export function start(action: Promise<void>): void {
  action.catch((error: unknown) => console.error("an action failed", error));
}
