import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { presentable } from "../session/captions";
import { useUi } from "./context";

/** All that was said. It stays at the newest line unless the reader has scrolled up. */
export function Transcript(): JSX.Element {
  const { store } = useUi();
  const list = useRef<HTMLOListElement>(null);
  const stick = useRef(true);
  const lines = store.captions.value;
  useEffect(() => {
    const element = list.current;
    if (element !== null && stick.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  return (
    <ol
      class="transcript"
      ref={list}
      tabIndex={0}
      aria-label="Transcript"
      onScroll={({ currentTarget }) => {
        stick.current = currentTarget.scrollHeight - currentTarget.scrollTop - currentTarget.clientHeight < 40;
      }}
    >
      {lines.length === 0 ? <li class="transcript-empty">What is said will appear here.</li> : null}
      {lines.map((line) => (
        <li key={`${line.speaker}-${line.id}`} class="line" data-speaker={line.speaker} data-final={line.final}>
          <span class="line-who">{line.speaker === "user" ? (line.typed ? "You, typed" : "You") : "Avatar"}</span>
          <span class="line-text">{presentable(line.text)}</span>
        </li>
      ))}
    </ol>
  );
}
