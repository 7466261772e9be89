import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Avatar } from "./avatar";
import { ConversationState } from "./types";
import { fakeAsset, FakeRenderer } from "./fake-renderer";
import { neutralFrame } from "./frames";
import { AvatarView } from "./view";

function container(width = 320, height = 240): HTMLElement {
  const element = document.createElement("div");
  Object.defineProperties(element, { clientWidth: { value: width }, clientHeight: { value: height } });
  document.body.append(element);
  return element;
}

function setUp(element = container()) {
  let renderer: FakeRenderer | undefined;
  const view = new AvatarView(new Avatar(fakeAsset()), element, {
    rendererFactory: (parent) => (renderer = new FakeRenderer(parent)),
  });
  if (!renderer) throw new Error("the view made no renderer");
  return { view, renderer, element };
}

const jawOpen = () => {
  const frame = neutralFrame();
  frame.weights[17] = 1;
  return frame;
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["requestAnimationFrame", "cancelAnimationFrame", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

describe("AvatarView", () => {
  it("refuses a container without a size", () => {
    expect(() => setUp(container(0, 240))).toThrow("The avatar's container has no size.");
  });

  it("appends its canvas and leaves what else is in the container", () => {
    const element = container();
    element.append(document.createElement("p"));
    const { view } = setUp(element);
    expect([...element.children].map((child) => child.tagName)).toEqual(["P", "CANVAS"]);
    view.dispose();
    expect([...element.children].map((child) => child.tagName)).toEqual(["P"]);
  });

  it("draws at each animation frame and tells of the first picture once", () => {
    const { view, renderer } = setUp();
    view.onFirstRendering = vi.fn();
    vi.advanceTimersByTime(100);
    expect(renderer.renders.length).toBeGreaterThanOrEqual(5);
    expect(view.onFirstRendering).toHaveBeenCalledOnce();
  });

  it("asks its drivers before each picture, also while drawing is paused", () => {
    const { view, renderer } = setUp();
    const driver = vi.fn();
    const remove = view.addFrameDriver(driver);
    view.pauseRendering();
    vi.advanceTimersByTime(100);
    expect(renderer.renders).toHaveLength(0);
    expect(driver).toHaveBeenCalled();
    remove();
    driver.mockClear();
    view.resumeRendering();
    vi.advanceTimersByTime(100);
    expect(driver).not.toHaveBeenCalled();
    expect(renderer.renders.length).toBeGreaterThan(0);
  });

  it("goes on after a picture that failed, and tells of the failure once", () => {
    const { view, renderer } = setUp();
    view.controller.onError = vi.fn();
    renderer.broken = new Error("context lost");
    vi.advanceTimersByTime(200);
    expect(view.controller.onError).toHaveBeenCalledOnce();
    renderer.broken = null;
    vi.advanceTimersByTime(50);
    expect(renderer.renders.length).toBeGreaterThan(0);
  });

  it("keeps transforms in range and refuses what is none", () => {
    const { view, renderer } = setUp();
    view.transform = { x: -3, y: 0.5, scale: 1.5 };
    expect(renderer.transform).toEqual({ x: -1, y: 0.5, scale: 1.5 });
    view.avatarTransform = { x: 0, y: 0, scale: 2 };
    expect(view.transform.scale).toBe(2);
    expect(() => (view.transform = { x: 0, y: 0, scale: 0 })).toThrow(RangeError);
  });

  it("shows a frame, and gives the avatar back to its own life only when asked to", () => {
    const { view, renderer } = setUp();
    view.renderFrame(jawOpen());
    view.renderFrame(null);
    expect(renderer.frames).toHaveLength(1);
    view.renderFrame(null, true);
    expect(renderer.frames.at(-1)).toBeNull();
  });

  it("makes transitions that start from the screen and stop just short of the target", () => {
    const { view } = setUp();
    const jaws = view.generateTransitionToFrame(jawOpen(), 5).map((frame) => frame.weights[17] ?? -1);
    expect(jaws).toHaveLength(5);
    expect(jaws[0]).toBeGreaterThan(0);
    expect(jaws[4]).toBeLessThan(1);
    expect([...jaws].sort((a, b) => a - b)).toEqual(jaws);
    view.renderFrame(jawOpen());
    const back = view.generateTransitionToIdle(4).map((frame) => frame.weights[17] ?? -1);
    expect([...back].sort((a, b) => b - a)).toEqual(back);
  });

  it("is quiet after it was disposed", async () => {
    const { view, renderer } = setUp();
    view.dispose();
    view.dispose();
    vi.advanceTimersByTime(100);
    view.renderFrame(jawOpen());
    view.setMood("speaking");
    expect(renderer.disposed).toBe(true);
    expect([renderer.renders.length, renderer.frames.length, renderer.moods.length]).toEqual([0, 0, 0]);
    expect(await view.exportBitmap()).toBeNull();
    expect(view.isReady).toBe(false);
  });
});

describe("AvatarController in RTC Mode", () => {
  it("refuses what RTC Mode does not use, with the reason", async () => {
    const { controller } = setUp().view;
    await expect(controller.initializeAudioContext()).rejects.toThrow("the voice is a WebRTC track");
    await expect(controller.start()).rejects.toMatchObject({ code: "notSupportedInMode" });
    expect(() => controller.send(new ArrayBuffer(2), true)).toThrow("startPublishing()");
    expect(() => controller.yieldAudioData(new ArrayBuffer(2), true)).toThrow("audio comes from the room");
    expect(() => controller.yieldFramesData([], "id")).toThrow("motion comes from the room");
    expect(() => controller.setVolume(1)).toThrow("LiveKitProvider.setVolume()");
    for (const method of ["close", "pause", "interrupt", "clear"] as const) expect(() => controller[method]()).toThrow();
    await expect(controller.resume()).rejects.toThrow();
  });

  it("tells each change of the conversation once", () => {
    const { controller } = setUp().view;
    const states: string[] = [];
    controller.onConversationState = (state) => states.push(state);
    controller.setConversationState(ConversationState.playing);
    controller.setConversationState(ConversationState.playing);
    controller.setConversationState(ConversationState.idle);
    expect(states).toEqual(["playing", "idle"]);
  });
});
