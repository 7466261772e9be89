import type { JSX } from "preact";

import { useUi } from "./context";

/** Kiosk: says that the conversation will end, and how to keep it; any touch does. */
export function IdleCountdown(): JSX.Element | null {
  const { store } = useUi();
  const left = store.idleCountdown.value;
  if (left === null) return null;
  return (
    <button type="button" class="countdown">
      <span class="countdown-number">{left}</span>
      <span>
        <strong>Are you still there?</strong>
        <span>Touch the screen or say something to go on.</span>
      </span>
    </button>
  );
}
