import { expect, test } from "vitest";

import { activityOf, displayState, inCall, nextPhase, type Phase, type PhaseEvent } from "./phase";

function after(start: Phase, ...events: PhaseEvent[]): Phase {
  return events.reduce(nextPhase, start);
}

test("a desktop goes from starting to live by itself", () => {
  const phase = after("starting", { type: "hello" }, { type: "avatar-ready", then: "connecting" }, { type: "connected" });
  expect(phase).toBe("live");
});

test("a kiosk waits for a visitor before it connects, and goes back to that after a reset", () => {
  const attract = after("starting", { type: "hello" }, { type: "avatar-ready", then: "attract" });
  expect(attract).toBe("attract");
  const live = after(attract, { type: "begin" }, { type: "connected" });
  expect(live).toBe("live");
  expect(after(live, { type: "reset" })).toBe("attract");
});

test("a lost connection is found again, and a call can be ended meanwhile", () => {
  const lost = after("live", { type: "connection-lost" });
  expect(lost).toBe("reconnecting");
  expect(after(lost, { type: "connected" })).toBe("live");
  expect(after(lost, { type: "end" }, { type: "connected" })).toBe("ended");
});

test("what comes too late for its phase changes nothing", () => {
  expect(after("ended", { type: "connected" })).toBe("ended");
  expect(after("attract", { type: "connected" })).toBe("attract");
  expect(after("live", { type: "begin" })).toBe("live");
  expect(after("live", { type: "avatar-ready", then: "attract" })).toBe("live");
  expect(after("starting", { type: "begin" })).toBe("starting");
});

test("after a failure the user can begin again, or the avatar be loaded again", () => {
  expect(after("connecting", { type: "fail" }, { type: "begin" })).toBe("connecting");
  expect(after("loading", { type: "fail" }, { type: "reload" })).toBe("loading");
});

test("only a call that is up or coming up is a call", () => {
  const phases: Phase[] = ["starting", "loading", "attract", "connecting", "live", "reconnecting", "ended", "failed"];
  expect(phases.filter(inCall)).toEqual(["connecting", "live", "reconnecting"]);
});

test("the state people read is what the agent does while live, else the phase", () => {
  expect(displayState("live", "thinking")).toBe("thinking");
  expect(displayState("reconnecting", "speaking")).toBe("reconnecting");
});

test.each([
  ["initializing", "waiting"],
  [undefined, "waiting"],
  ["idle", "listening"],
  ["listening", "listening"],
  ["thinking", "thinking"],
  ["speaking", "speaking"],
])("the agent's state %s is shown as %s", (state, activity) => {
  expect(activityOf(state)).toBe(activity);
});
