import { useComputed } from "@preact/signals";
import type { JSX } from "preact";

import { lastExchange, presentable } from "../session/captions";
import { useUi } from "./context";

/** The last exchange, as quiet lines over the lower third. Screen readers hear {@link Announcer} instead. */
export function Captions(): JSX.Element | null {
  const { store, view } = useUi();
  const lines = useComputed(() => lastExchange(store.captions.value));
  if (!store.settings.value.captions || view.transcript.value || lines.value.length === 0) return null;
  return (
    <div class="captions" aria-hidden="true">
      {lines.value.map((line) => (
        <p key={`${line.speaker}-${line.id}`} class="caption" data-speaker={line.speaker} data-final={line.final}>
          <span>{presentable(line.text)}</span>
        </p>
      ))}
    </div>
  );
}

/** Reads finished lines out to screen readers, each once; interim texts would only stutter. */
export function Announcer(): JSX.Element {
  const { store } = useUi();
  const lines = useComputed(() => store.captions.value.filter((line) => line.final).slice(-4));
  return (
    <div class="visually-hidden" role="log" aria-live="polite" aria-label="Conversation">
      {lines.value.map((line) => (
        <p key={line.id}>{`${line.speaker === "user" ? "You" : "Avatar"}: ${presentable(line.text)}`}</p>
      ))}
    </div>
  );
}
