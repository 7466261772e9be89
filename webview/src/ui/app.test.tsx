import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { FAKE_HELLO } from "../bridge/fake-bridge";
import { AGENT_MISSING, micProblem } from "../session/problems";
import { SessionStore } from "../session/store";
import { App } from "./app";
import { WindowState, type Actions } from "./context";

let store: SessionStore;
let view: WindowState;
let actions: { [A in keyof Actions]: ReturnType<typeof vi.fn<Actions[A]>> };
let root: HTMLElement;

beforeEach(() => {
  store = new SessionStore();
  view = new WindowState();
  const done = (): Promise<void> => Promise.resolve();
  actions = {
    begin: vi.fn(done),
    end: vi.fn(done),
    say: vi.fn(done),
    remedy: vi.fn(done),
    setMuted: vi.fn(done),
    set: vi.fn(done),
  };
  root = document.createElement("div");
  document.body.append(root);
  show(() => render(<App ui={{ store, actions, view }} onStage={() => undefined} />, root));
});

afterEach(() => {
  show(() => render(null, root));
  root.remove();
});

function show(change: () => void): void {
  void act(() => change());
}

function live(): void {
  show(() => {
    store.program.value = FAKE_HELLO;
    store.phase.value = "live";
    store.activity.value = "listening";
    store.microphone.value = { status: "open", label: "Desk microphone" };
  });
}

function button(name: string): HTMLButtonElement {
  const found = [...root.querySelectorAll("button")].find(
    (one) => one.getAttribute("aria-label") === name || one.textContent.trim() === name,
  );
  if (found === undefined) throw new Error(`there is no button ${name}`);
  return found;
}

function press(name: string): void {
  show(() => button(name).click());
}

function key(init: KeyboardEventInit, target: EventTarget = document.body): void {
  show(() => target.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init })));
}

describe("the control bar", () => {
  test("mutes and unmutes the microphone", () => {
    live();
    press("Mute the microphone");
    expect(actions.setMuted).toHaveBeenLastCalledWith(true);
    show(() => (store.microphone.value = { status: "muted", label: null }));
    press("Unmute the microphone");
    expect(actions.setMuted).toHaveBeenLastCalledWith(false);
  });

  test("ends the call, and is gone before there is one", () => {
    expect(root.querySelector("[role=toolbar]")).toBeNull();
    live();
    press("End the conversation");
    expect(actions.end).toHaveBeenCalledTimes(1);
  });

  test("offers the microphones by name and keeps the choice by label", () => {
    live();
    show(() => {
      store.microphones.value = [
        { id: "1", label: "Desk microphone" },
        { id: "2", label: "USB Headset" },
      ];
    });
    press("Choose a microphone");
    const items = [...root.querySelectorAll("[role=menuitemradio]")];
    expect(items.map((item) => item.textContent)).toEqual(["System default", "Desk microphonein use", "USB Headset"]);
    show(() => (items[2] as HTMLElement).click());
    expect(actions.set).toHaveBeenCalledWith("microphone", "USB Headset");
    expect(root.querySelector("[role=menu]")).toBeNull();
  });

  test("has no settings in a kiosk", () => {
    live();
    show(() => (store.program.value = { ...FAKE_HELLO, kiosk: true }));
    expect(() => button("Settings")).toThrow();
  });
});

describe("keys", () => {
  test("M mutes, C turns captions, T opens the transcript and Escape closes it", () => {
    live();
    key({ key: "m" });
    expect(actions.setMuted).toHaveBeenCalledWith(true);
    key({ key: "c" });
    expect(actions.set).toHaveBeenCalledWith("captions", false);
    key({ key: "t" });
    expect(root.querySelector("aside")).not.toBeNull();
    key({ key: "Escape" });
    expect(root.querySelector("aside")).toBeNull();
  });

  test("do nothing while text is typed", () => {
    live();
    key({ key: "t" });
    const field = root.querySelector("input");
    if (field) key({ key: "m" }, field);
    expect(field).not.toBeNull();
    expect(actions.setMuted).not.toHaveBeenCalled();
  });

  test("Ctrl+Shift+D shows the diagnostics, but not in a kiosk", () => {
    live();
    key({ code: "KeyD", key: "D", ctrlKey: true, shiftKey: true });
    expect(root.querySelector(".diagnostics")).not.toBeNull();
    key({ code: "KeyD", key: "D", ctrlKey: true, shiftKey: true });
    show(() => (store.program.value = { ...FAKE_HELLO, kiosk: true }));
    key({ code: "KeyD", key: "D", ctrlKey: true, shiftKey: true });
    expect(root.querySelector(".diagnostics")).toBeNull();
  });

  test("Enter begins on the attract screen", () => {
    show(() => (store.phase.value = "attract"));
    key({ key: "Enter" });
    expect(actions.begin).toHaveBeenCalledTimes(1);
  });
});

describe("words", () => {
  test("finished lines are read out, interim ones are only shown", () => {
    live();
    show(() => {
      store.caption({ id: "u", speaker: "user", text: "what is", final: false, at: 1 });
    });
    const log = (): string => root.querySelector("[role=log]")?.textContent ?? "";
    expect(root.querySelector(".captions")?.textContent).toBe("What is");
    expect(log()).toBe("");
    show(() => store.caption({ id: "u", speaker: "user", text: "What is this?", final: true, at: 1 }));
    expect(log()).toBe("You: What is this?");
  });

  test("captions can be turned off", () => {
    live();
    show(() => store.caption({ id: "u", speaker: "user", text: "hello", final: true, at: 1 }));
    show(() => (store.settings.value = { ...store.settings.value, captions: false }));
    expect(root.querySelector(".captions")).toBeNull();
  });

  test("what is said is text, whatever it looks like", () => {
    live();
    show(() => store.caption({ id: "a", speaker: "avatar", text: "<img src=x onerror=alert(1)>", final: true, at: 1 }));
    expect(root.querySelector(".captions img")).toBeNull();
    expect(root.querySelector(".captions")?.textContent).toContain("<img");
  });

  test("a typed message is sent and the field emptied", () => {
    live();
    key({ key: "t" });
    const field = root.querySelector("input");
    if (field === null) throw new Error("there is no field");
    show(() => {
      field.value = "Hello?";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    show(() => root.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true })));
    expect(actions.say).toHaveBeenCalledWith("Hello?");
    expect(field.value).toBe("");
  });
});

describe("problems", () => {
  test("say what happened, what to do, and offer the button that helps", () => {
    live();
    show(() => (store.problem.value = AGENT_MISSING));
    const card = root.querySelector("[role=alert]");
    expect(card?.textContent).toContain(AGENT_MISSING.message);
    expect(card?.textContent).toContain(AGENT_MISSING.hint);
    press("Restart the agent");
    expect(actions.remedy).toHaveBeenCalledTimes(1);
  });

  test("that do not stop the conversation can be put away", () => {
    live();
    show(() => (store.problem.value = micProblem("missing")));
    press("Dismiss");
    expect(root.querySelector("[role=alert]")).toBeNull();
  });

  test("that stop it cannot, and can be tried again", () => {
    show(() => {
      store.phase.value = "failed";
      store.problem.value = { ...AGENT_MISSING, blocking: true, retryable: false, remedy: "retry" };
    });
    expect(() => button("Dismiss")).toThrow();
    press("Try again");
    expect(actions.remedy).toHaveBeenCalledTimes(1);
  });
});

test("after the call the transcript stays and one button begins again", () => {
  live();
  show(() => store.caption({ id: "a", speaker: "avatar", text: "Goodbye.", final: true, at: 1 }));
  show(() => (store.phase.value = "ended"));
  expect(root.querySelector(".end")?.textContent).toContain("Goodbye.");
  press("Start again");
  expect(actions.begin).toHaveBeenCalledTimes(1);
});

test("theme and motion are on the document, where the style sheets look", () => {
  show(() => {
    store.program.value = { ...FAKE_HELLO, software: true };
    store.settings.value = { ...store.settings.value, theme: "night", reducedMotion: "on" };
  });
  expect(document.documentElement.dataset).toMatchObject({ theme: "night", motion: "reduced", drawing: "software" });
});
