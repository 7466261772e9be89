/** The state machine of a conversation: pure, so that every path can be tested without a room or an avatar. */

/**
 * - `starting`: the page says hello to the program; `loading`: the avatar is downloaded and built
 * - `attract`: kiosk, waits for a visitor; `connecting`: first connection of a call
 * - `live`: in the room; `reconnecting`: the room was lost and is being found again
 * - `ended`: the call is over, the avatar and the transcript stay; `failed`: needs the user
 */
export type Phase = "starting" | "loading" | "attract" | "connecting" | "live" | "reconnecting" | "ended" | "failed";

/** What the agent does while the call is live; `waiting` = it has not joined (or is not ready) yet. */
export type Activity = "waiting" | "listening" | "thinking" | "speaking";

export type PhaseEvent =
  | { readonly type: "hello" }
  | { readonly type: "avatar-ready"; readonly then: "connecting" | "attract" | "ended" }
  | { readonly type: "begin" }
  | { readonly type: "reload" }
  | { readonly type: "connected" }
  | { readonly type: "connection-lost" }
  | { readonly type: "end" }
  | { readonly type: "reset" }
  | { readonly type: "fail" };

type Table = { readonly [P in Phase]: Partial<Record<Exclude<PhaseEvent["type"], "avatar-ready">, Phase>> };

/** Where each event leads; what is not listed is ignored (it came too late for the phase it was meant for). */
const TABLE: Table = {
  starting: { "hello": "loading", "fail": "failed" },
  loading: { "fail": "failed" },
  attract: { "begin": "connecting", "reload": "loading", "fail": "failed" },
  connecting: { "connected": "live", "connection-lost": "reconnecting", "end": "ended", "reset": "attract", "fail": "failed" },
  live: { "connection-lost": "reconnecting", "end": "ended", "reset": "attract", "fail": "failed" },
  reconnecting: { "connected": "live", "end": "ended", "reset": "attract", "fail": "failed" },
  ended: { "begin": "connecting", "reload": "loading", "reset": "attract", "fail": "failed" },
  failed: { "hello": "loading", "begin": "connecting", "reload": "loading", "reset": "attract", "connected": "live" },
};

/** The phase after `event`; the same phase where the event means nothing in it. */
export function nextPhase(phase: Phase, event: PhaseEvent): Phase {
  if (event.type === "avatar-ready") return phase === "loading" ? event.then : phase;
  return TABLE[phase][event.type] ?? phase;
}

/** True while a call is up or being brought up. */
export function inCall(phase: Phase): boolean {
  return phase === "connecting" || phase === "live" || phase === "reconnecting";
}

/** The one word people and programs read: the phase, or in a live call what the agent does. */
export type DisplayState = Exclude<Phase, "live"> | Activity;

export function displayState(phase: Phase, activity: Activity): DisplayState {
  return phase === "live" ? activity : phase;
}

/** What the agent's attribute `lk.agent.state` means for the page. */
export function activityOf(agentState: string | undefined): Activity {
  switch (agentState) {
    case "thinking":
    case "speaking":
      return agentState;
    case "listening":
    case "idle":
      return "listening";
    default:
      return "waiting";
  }
}
