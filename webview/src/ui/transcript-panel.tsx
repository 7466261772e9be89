import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { IconButton } from "./button";
import { start, useUi } from "./context";
import { CloseIcon, SendIcon } from "./icons";
import { Transcript } from "./transcript";

/** Longest typed message: what an agent can sensibly answer. */
const MAX_TEXT = 1000;

/** The transcript with a field to type in: beside the avatar where there is room, else over its lower part. */
export function TranscriptPanel(): JSX.Element {
  const { view } = useUi();
  return (
    <aside class="panel" aria-label="Transcript and typing">
      <header class="panel-head">
        <h2>Conversation</h2>
        <IconButton label="Close the transcript" onClick={() => (view.transcript.value = false)}>
          <CloseIcon />
        </IconButton>
      </header>
      <Transcript />
      <Composer />
    </aside>
  );
}

function Composer(): JSX.Element {
  const { store, actions } = useUi();
  const text = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const live = store.phase.value === "live";
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const send = (event: Event): void => {
    event.preventDefault();
    if (text.value.trim() === "" || !live) return;
    start(actions.say(text.value));
    text.value = "";
  };
  return (
    <form class="composer" onSubmit={send}>
      <input
        ref={field}
        type="text"
        value={text.value}
        maxLength={MAX_TEXT}
        aria-label="Type a message"
        placeholder={live ? "Type a message" : "Connecting…"}
        autocomplete="off"
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <button type="submit" class="round" data-tone="primary" aria-label="Send" disabled={!live || text.value.trim() === ""}>
        <SendIcon />
      </button>
    </form>
  );
}
