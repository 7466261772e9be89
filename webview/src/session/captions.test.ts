import { expect, test } from "vitest";

import { lastExchange, MAX_LINES, updateCaptions, type CaptionLine, type CaptionUpdate } from "./captions";

function transcript(...updates: Partial<CaptionUpdate>[]): readonly CaptionLine[] {
  const all = updates.map((update) => ({ id: "a", speaker: "user" as const, text: "", final: false, at: 1, ...update }));
  return all.reduce<readonly CaptionLine[]>(updateCaptions, []);
}

test("interim texts of one segment replace one another until the final one", () => {
  const lines = transcript({ text: "what" }, { text: "what is" }, { text: "What is this?", final: true });
  expect(lines).toEqual([{ id: "a", speaker: "user", text: "What is this?", final: true, typed: false, at: 1 }]);
});

test("an interim text after the final one is late and changes nothing", () => {
  const lines = transcript({ text: "What is this?", final: true }, { text: "what is thi" });
  expect(lines[0]?.text).toBe("What is this?");
});

test("both sides may use the same segment id", () => {
  expect(transcript({ text: "Hello" }, { text: "Hi", speaker: "avatar" }).map((line) => line.text)).toEqual(["Hello", "Hi"]);
});

test("a new line without words is not kept, and a known one is not emptied", () => {
  expect(transcript({ text: "  " })).toEqual([]);
  expect(transcript({ text: "Hello" }, { text: " ", final: true })).toMatchObject([{ text: "Hello", final: true }]);
});

test("a change of a line leaves the lines after it where they are", () => {
  const lines = transcript({ id: "a", text: "one" }, { id: "b", text: "two" }, { id: "a", text: "one and a half" });
  expect(lines.map((line) => line.text)).toEqual(["one and a half", "two"]);
});

test("only the last lines are kept", () => {
  const lines = transcript(...Array.from({ length: MAX_LINES + 5 }, (_, index) => ({ id: String(index), text: `${index}` })));
  expect(lines).toHaveLength(MAX_LINES);
  expect(lines[0]?.text).toBe("5");
});

test("the last exchange is the newest line of each side in their order", () => {
  const lines = transcript(
    { id: "1", text: "Hi", speaker: "avatar" },
    { id: "2", text: "Who are you?" },
    { id: "3", text: "An avatar.", speaker: "avatar" },
  );
  expect(lastExchange(lines).map((line) => line.text)).toEqual(["Who are you?", "An avatar."]);
});
