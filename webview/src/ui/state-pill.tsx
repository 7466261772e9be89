import type { JSX } from "preact";

import type { DisplayState } from "../session/phase";
import { useUi } from "./context";

const LABELS: Readonly<Record<DisplayState, string>> = {
  starting: "Starting",
  loading: "Preparing",
  attract: "",
  connecting: "Connecting",
  waiting: "Waiting for the agent",
  listening: "Listening",
  thinking: "Thinking",
  speaking: "Speaking",
  reconnecting: "Reconnecting",
  ended: "Ended",
  failed: "Needs attention",
};

/** What the avatar is doing, in one or two words; it also says that this is an AI. */
export function StatePill(): JSX.Element | null {
  const { store } = useUi();
  const state = store.state.value;
  const { status } = store.microphone.value;
  if (LABELS[state] === "") return null;
  const attempt = store.reconnectAttempt.value;
  const label = state === "listening" && status === "muted" ? "You are muted" : LABELS[state];
  return (
    <div class="pill" data-state={state} role="status">
      <span class="pill-dot" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span class="pill-label">{attempt > 1 ? `${label} (try ${attempt})` : label}</span>
      <span class="pill-note">AI avatar</span>
    </div>
  );
}
