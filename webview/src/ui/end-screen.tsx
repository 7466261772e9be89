import type { JSX } from "preact";

import { start, useUi } from "./context";
import { StartIcon } from "./icons";
import { Transcript } from "./transcript";

/** After the call: the avatar is still there, what was said can be read, and one press begins again. */
export function EndScreen(): JSX.Element {
  const { store, actions } = useUi();
  return (
    <section class="end" aria-label="The conversation has ended">
      <h2>The conversation has ended</h2>
      {store.captions.value.length > 0 ? <Transcript /> : null}
      <button type="button" class="solid large" onClick={() => start(actions.begin())} autofocus>
        <StartIcon />
        Start again
      </button>
    </section>
  );
}
