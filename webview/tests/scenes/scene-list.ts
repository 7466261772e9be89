import { batch } from "@preact/signals";

import { problemFrom, AGENT_MISSING, AUDIO_BLOCKED, micProblem } from "../../src/session/problems";
import type { SessionStore } from "../../src/session/store";
import type { WindowState } from "../../src/ui/context";

type Scene = (store: SessionStore, view: WindowState) => void;

const QUESTION = "What can you tell me about the library's opening hours this weekend?";
const ANSWER =
  "On Saturday we are open from nine until six, and on Sunday from ten until four. The reading room closes half an hour earlier.";

const HELLO = { bridge: 1, version: "0.1.0", platform: "linux", reducedMotion: null, software: false, demo: false } as const;

function live(store: SessionStore, activity: "listening" | "thinking" | "speaking" | "waiting"): void {
  batch(() => {
    store.program.value = { ...HELLO, kiosk: false, settings: store.settings.value };
    store.phase.value = "live";
    store.activity.value = activity;
    store.avatarVisible.value = true;
    store.microphone.value = { status: "open", label: "Jabra Evolve2 65" };
    store.micLevel.value = 0.5;
    store.microphones.value = [
      { id: "a", label: "Jabra Evolve2 65" },
      { id: "b", label: "Built-in Audio Analog Stereo" },
      { id: "c", label: "Logitech BRIO Ultra HD Webcam Multichannel" },
    ];
  });
}

function talk(store: SessionStore): void {
  const lines = [
    ["avatar", "Hello, and welcome. I am the guide of this house. What can I do for you?"],
    ["user", "Hi! Who are you?"],
    ["avatar", "I am an avatar: a computer voice with a face. I know this house rather well."],
    ["user", QUESTION],
    ["avatar", ANSWER],
  ] as const;
  lines.forEach(([speaker, text], index) => store.caption({ id: `s${index}`, speaker, text, final: true, at: index }));
}

export const SCENES = {
  starting: () => undefined,
  loading: (store) => {
    store.send({ type: "hello" });
    store.loading.value = 0.62;
  },
  connecting: (store) => {
    live(store, "listening");
    store.phase.value = "connecting";
    store.microphone.value = { status: "closed", label: null };
  },
  listening: (store) => {
    live(store, "listening");
    store.caption({ id: "u", speaker: "user", text: "What can you tell me about the library's", final: false, at: 1 });
  },
  thinking: (store) => {
    live(store, "thinking");
    store.caption({ id: "u", speaker: "user", text: QUESTION, final: true, at: 1 });
  },
  speaking: (store) => {
    live(store, "speaking");
    store.caption({ id: "u", speaker: "user", text: QUESTION, final: true, at: 1 });
    store.caption({ id: "a", speaker: "avatar", text: ANSWER, final: false, at: 2 });
  },
  muted: (store) => {
    live(store, "listening");
    store.microphone.value = { status: "muted", label: "Jabra Evolve2 65" };
    talk(store);
  },
  transcript: (store, view) => {
    live(store, "speaking");
    talk(store);
    store.caption({ id: "typed-1", speaker: "user", text: "And on public holidays?", final: true, typed: true, at: 9 });
    view.transcript.value = true;
  },
  microphone: (store, view) => {
    live(store, "listening");
    store.notify("USB Headset was unplugged. Now using Jabra Evolve2 65.", "warning");
    view.overlay.value = "microphone";
  },
  settings: (store, view) => {
    live(store, "listening");
    view.characters.value = [
      { id: "mira", name: "Mira" },
      { id: "jonas", name: "Jonas" },
      { id: "ada", name: "Ada" },
    ];
    store.settings.value = { ...store.settings.value, character: "mira", volume: 0.7 };
    view.overlay.value = "settings";
  },
  diagnostics: (store, view) => {
    live(store, "speaking");
    talk(store);
    view.diagnostics.value = true;
    store.diagnostics.value = {
      avOffsetMs: 3.4,
      lock: "locked",
      fps: 60,
      frameMs: 4.2,
      resolution: [1280, 800],
      lastTurnMs: 812,
      motion: { messages: 1204, frames: 2398, recovered: 12, lost: 0, late: 0, stalls: 0, bufferedMs: 180 },
    };
  },
  reconnecting: (store) => {
    live(store, "listening");
    talk(store);
    store.send({ type: "connection-lost" });
    store.reconnectAttempt.value = 3;
  },
  agent: (store) => {
    live(store, "waiting");
    store.problem.value = AGENT_MISSING;
  },
  denied: (store) => {
    live(store, "listening");
    store.microphone.value = { status: "denied", label: null };
    store.problem.value = micProblem("denied");
  },
  audio: (store) => {
    live(store, "speaking");
    store.problem.value = AUDIO_BLOCKED;
  },
  failed: (store) => {
    live(store, "listening");
    store.phase.value = "failed";
    store.problem.value = problemFrom(
      {
        code: "bad_credentials",
        message: "The room refused the token",
        hint: "Check the LiveKit key and secret in the settings file, or the token source.",
        retryable: true,
      },
      true,
    );
  },
  ended: (store) => {
    live(store, "listening");
    talk(store);
    store.phase.value = "ended";
  },
  attract: (store) => {
    live(store, "listening");
    store.program.value = { ...HELLO, kiosk: true, settings: store.settings.value };
    store.phase.value = "attract";
  },
  countdown: (store) => {
    live(store, "listening");
    store.program.value = { ...HELLO, kiosk: true, settings: store.settings.value };
    talk(store);
    store.idleCountdown.value = 12;
  },
} satisfies Record<string, Scene>;

export function isScene(name: string): name is keyof typeof SCENES {
  return name in SCENES;
}
