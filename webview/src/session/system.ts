import type { Signal } from "@preact/signals";

import type { SessionStore } from "./store";

/** Keep the store's view of the system's colour scheme and of its wish for less motion. */
export function followSystem(store: SessionStore): void {
  follow("(prefers-color-scheme: dark)", store.systemDark);
  follow("(prefers-reduced-motion: reduce)", store.systemReducedMotion);
}

function follow(query: string, target: Signal<boolean>): void {
  const media = matchMedia(query);
  target.value = media.matches;
  media.addEventListener("change", () => (target.value = media.matches));
}
