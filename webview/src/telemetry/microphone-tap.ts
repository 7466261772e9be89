/**
 * Reads the loudness of a microphone track without touching it: MediaStreamTrackProcessor where the browser has it
 * (Chromium), else an analyser that is not connected to any output.
 */
import { rootMeanSquare, type VoiceActivity } from "./voice-activity";

/** How often the analyser is read where there is no track processor, ms. */
const ANALYSER_MS = 20;

interface TrackProcessorClass {
  new (init: { track: MediaStreamTrack }): { readonly readable: ReadableStream<AudioData> };
}

export class MicrophoneTap {
  readonly #voice: VoiceActivity;
  #track: MediaStreamTrack | null = null;
  #stop: (() => void) | null = null;

  constructor(voice: VoiceActivity) {
    this.#voice = voice;
  }

  /** Listen to this track from now on; the same track again changes nothing, null stops. */
  attach(track: MediaStreamTrack | null): void {
    if (track === this.#track) return;
    this.#stop?.();
    this.#track = track;
    this.#stop = track === null ? null : this.#open(track);
  }

  #open(track: MediaStreamTrack): () => void {
    const processor = (globalThis as { MediaStreamTrackProcessor?: TrackProcessorClass }).MediaStreamTrackProcessor;
    return processor === undefined ? this.#analyse(track) : this.#process(new processor({ track }).readable);
  }

  #process(readable: ReadableStream<AudioData>): () => void {
    const reader = readable.getReader();
    // AudioData carries the time it was taken, on a clock of its own: the smallest lag seen is that clock's offset.
    let offset = Infinity;
    let samples = new Float32Array(480);
    const pump = async (): Promise<void> => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        if (samples.length !== value.numberOfFrames) samples = new Float32Array(value.numberOfFrames);
        value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
        const duration = (value.numberOfFrames / value.sampleRate) * 1000;
        const taken = value.timestamp / 1000;
        offset = Math.min(offset, performance.now() - taken);
        value.close();
        this.#voice.push(rootMeanSquare(samples), taken + offset, duration);
      }
    };
    pump().catch((error: unknown) => console.warn("the microphone's level cannot be read", error));
    return () => void reader.cancel();
  }

  #analyse(track: MediaStreamTrack): () => void {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.#voice.push(rootMeanSquare(samples), performance.now(), ANALYSER_MS);
    }, ANALYSER_MS);
    return () => {
      clearInterval(timer);
      void context.close();
    };
  }
}
