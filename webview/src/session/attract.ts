/** Kiosk: on the attract screen the microphone is listened to here in the page, so that a voice alone can begin. */
import { effect } from "@preact/signals";

import { MicrophoneTap } from "../telemetry/microphone-tap";
import { VoiceActivity } from "../telemetry/voice-activity";
import type { SessionStore } from "./store";

/** This much speech begins a conversation: a cough or a door does not, ms. */
const SPEECH_MS = 350;
const CHECK_MS = 100;

export type OpenMicrophone = () => Promise<MediaStream>;

/** Listen while the phase is `attract` and call `begin` once somebody speaks. Nothing that is heard leaves the page. */
export function beginOnVoice(store: SessionStore, open: OpenMicrophone, begin: () => void): () => void {
  return effect(() => {
    if (store.phase.value !== "attract") return;
    const stop = listen(open, begin);
    return stop;
  });
}

function listen(open: OpenMicrophone, begin: () => void): () => void {
  const voice = new VoiceActivity();
  const tap = new MicrophoneTap(voice);
  let stream: MediaStream | null = null;
  let stopped = false;
  const started = performance.now();
  const stop = (): void => {
    stopped = true;
    clearInterval(timer);
    tap.attach(null);
    for (const track of stream?.getTracks() ?? []) track.stop();
  };
  const timer = setInterval(() => {
    const burst = voice.last;
    if (burst === null || burst.start < started || burst.end - burst.start < SPEECH_MS) return;
    stop();
    begin();
  }, CHECK_MS);
  open().then(
    (opened) => {
      stream = opened;
      if (stopped) stop();
      else tap.attach(opened.getAudioTracks()[0] ?? null);
    },
    // Without a microphone a touch still begins; the call itself says what is wrong with it.
    (error: unknown) => console.info("the attract screen has no microphone", error),
  );
  return stop;
}
