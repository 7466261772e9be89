import { beforeEach, expect, test, vi } from "vitest";

import { updateCaptions, type CaptionLine } from "./captions";
import { FakeRoom } from "./fake-room";
import type { Activity } from "./phase";
import { RoomWatch } from "./room-watch";

let room: FakeRoom;
let watch: RoomWatch;
let lines: readonly CaptionLine[];
let activities: Activity[];

beforeEach(() => {
  room = new FakeRoom();
  lines = [];
  activities = [];
  watch = new RoomWatch(room.asRoom(), {
    onActivity: (activity) => activities.push(activity),
    onCaption: (update) => (lines = updateCaptions(lines, update)),
    onMissing: () => undefined,
    onAudioBlocked: () => undefined,
    onPeople: () => undefined,
  });
  return () => watch.stop();
});

const said = (text: string): Promise<void> =>
  vi.waitFor(() => expect(lines.map((line) => line.text)).toContain(text), { timeout: 1000 });

test("an agent's text grows in one line as its chunks arrive", async () => {
  room.stream("agent", ["Hello, ", "I am ", "the guide."], { "lk.segment_id": "s1" });
  await said("Hello, I am the guide.");
  await vi.waitFor(() => expect(lines).toMatchObject([{ id: "s1", speaker: "avatar", final: true }]));
});

test("a user's interim texts come in streams of their own and replace one another", async () => {
  room.stream("visitor", ["what is"], { "lk.segment_id": "u1", "lk.transcription_final": "false" });
  await said("what is");
  expect(lines).toMatchObject([{ speaker: "user", final: false }]);
  room.stream("visitor", ["What is AvatarDesk?"], { "lk.segment_id": "u1", "lk.transcription_final": "true" });
  await said("What is AvatarDesk?");
  await vi.waitFor(() => expect(lines).toMatchObject([{ id: "u1", speaker: "user", final: true }]));
  expect(lines).toHaveLength(1);
});

test("a final mark may come with the end of the stream", async () => {
  room.stream("visitor", ["Yes."], { "lk.segment_id": "u2" }, { "lk.transcription_final": "true" });
  await vi.waitFor(() => expect(lines).toMatchObject([{ final: true }]));
});

test("the agent's state is followed through its attribute", () => {
  const agent = room.join("agent", { "lk.agent.state": "initializing" }, true);
  room.join("avatar", { "lk.publish_on_behalf": "agent" }, true);
  room.change(agent, { "lk.agent.state": "listening" });
  room.change(agent, { "lk.agent.state": "thinking" });
  room.change(agent, { "lk.agent.state": "speaking" });
  expect(activities.filter((activity, index) => activity !== activities[index - 1])).toEqual([
    "waiting",
    "listening",
    "thinking",
    "speaking",
  ]);
});

test("after it has stopped nothing is heard any more", async () => {
  const handler = room.handlers.get("lk.transcription");
  watch.stop();
  if (handler) room.handlers.set("lk.transcription", handler);
  const before = activities.length;
  room.stream("agent", ["Too late."], { "lk.segment_id": "s9" });
  room.join("agent", { "lk.agent.state": "speaking" }, true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(lines).toEqual([]);
  expect(activities).toHaveLength(before);
});
