import type { JSX } from "preact";

import { start, useUi } from "./context";

/** The kiosk's invitation. The whole screen is the button. */
export function Attract(): JSX.Element {
  const { actions } = useUi();
  return (
    <button class="attract" type="button" onClick={() => start(actions.begin())}>
      <span class="attract-rings" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span class="attract-title">Touch or speak to begin</span>
      <span class="attract-note">You will be talking with an AI avatar</span>
    </button>
  );
}
