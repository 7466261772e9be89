import { inCall } from "../session/phase";
import { start, type Ui } from "./context";

/** Keys that work anywhere in the window, except where text is typed. */
export function handleShortcut(event: KeyboardEvent, { store, actions, view }: Ui): void {
  if (event.key === "Escape") {
    if (view.overlay.value !== "none") view.close();
    else view.transcript.value = false;
    return;
  }
  if (event.ctrlKey && event.shiftKey && event.code === "KeyD") {
    event.preventDefault();
    if (!store.kiosk.value) view.diagnostics.value = !view.diagnostics.value;
    return;
  }
  if (store.phase.value === "attract" && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    start(actions.begin());
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !inCall(store.phase.value)) return;
  switch (event.key.toLowerCase()) {
    case "m":
      start(actions.setMuted(store.microphone.value.status === "open"));
      break;
    case "c":
      start(actions.set("captions", !store.settings.value.captions));
      break;
    case "t":
      // The letter must not land in the field that opens.
      event.preventDefault();
      view.transcript.value = !view.transcript.value;
      break;
    default:
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null;
}
