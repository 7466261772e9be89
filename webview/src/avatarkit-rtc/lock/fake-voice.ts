/**
 * A call in virtual time, for tests: speech-like loudness, a sender, a network, a jitter buffer, and a page that feeds
 * an {@link AudioLock} with what a browser would show it. The truth is known: which track time is heard when.
 */
import { MotionBuffer } from "../motion/buffer";
import { MotionKind, type MotionMessage } from "../motion/codec";
import { AudioLock } from "./heard";

/** Deterministic numbers in [0, 1). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A reply in the avatar's track. */
interface Reply {
  readonly id: number;
  readonly startMs: number;
  readonly frames: number;
  readonly loudness: Float32Array;
}

/** What the network and the browser do to the voice; may be changed while it runs. */
export interface Conditions {
  /** Track time to jitter-buffer pull, ms. */
  delayMs: number;
  /** Pull to loudspeaker, ms. */
  playoutMs: number;
  /** Motion's way, ms, and its jitter. */
  motionMs: number;
  motionJitterMs: number;
  /** Share of motion messages lost, 0..1. */
  motionLoss: number;
  /** Share of 20 ms packets whose audio is missing (concealed as silence). */
  audioLoss: number;
  /** How much later per second the sender's clock runs, ms. */
  drift: number;
  ssrc: number;
  /** RTP time of track sample 0. */
  rtpBase: number;
}

const HOP = 2.5;
const ENERGY_FLOOR_DB = -72;

/** 20 ms frames of syllables of 80 ms to 240 ms, some pauses, no two alike. */
function syllables(frames: number, random: () => number): Float32Array {
  const loudness = new Float32Array(frames);
  let k = 0;
  while (k < frames) {
    const length = 4 + Math.floor(random() * 9);
    const peak = random() < 0.18 ? 0 : 0.02 + random() * 0.25;
    for (let i = 0; i < length && k < frames; i++, k++) loudness[k] = peak * Math.sin((Math.PI * (i + 0.5)) / length);
  }
  return loudness;
}

/** The simulated call. Times in ms; the page's clock starts at 1000. */
export class FakeVoice {
  readonly lock: AudioLock;
  readonly motion = new MotionBuffer();
  readonly hops: { trackMs: number; heardAt: number; rms: number }[] = [];
  now = 1000;
  private readonly random: () => number;
  private readonly replies: Reply[] = [];
  private readonly inbox: { at: number; message: MotionMessage }[] = [];
  private nextPull = 1000;
  private nextPoll = 1000;
  private nextStats = 1000;
  private sent = 0;
  private playout = { seconds: 0, samples: 0 };
  private seen: { rtp: number; pull: number } | null = null;

  constructor(
    readonly conditions: Conditions,
    seed = 1,
  ) {
    this.random = randomNumbers(seed);
    this.lock = new AudioLock((trackMs, heardAt, rms) => this.hops.push({ trackMs, heardAt, rms }));
  }

  /** Track time that is really heard at `at`. */
  truth(at: number): number {
    return this.pulled(at - this.conditions.playoutMs);
  }

  /** Lock's answer minus truth now. */
  get error(): number {
    return this.lock.heard(this.now) - this.truth(this.now);
  }

  /** Adds a reply that begins at a track time. Motion is sent in real time from then on. */
  speak(id: number, startMs: number, durationMs: number): void {
    const frames = Math.round(durationMs / 20);
    this.replies.push({ id, startMs, frames, loudness: syllables(frames, this.random) });
  }

  /** Lets time pass; calls `each` at every animation frame. */
  run(durationMs: number, each: () => void = () => undefined): void {
    const end = this.now + durationMs;
    while (this.now < end) {
      this.now = Math.min(this.nextPull, this.nextPoll, this.nextStats, end);
      if (this.now >= this.nextPull) this.pull();
      if (this.now >= this.nextStats) this.stats();
      if (this.now >= this.nextPoll) {
        this.deliver();
        this.poll();
        each();
      }
    }
  }

  /** Track time that leaves the jitter buffer at `at`. */
  private pulled(at: number): number {
    const elapsed = at - 1000;
    return elapsed - this.conditions.delayMs - (this.conditions.drift * elapsed) / 1000;
  }

  private loudness(trackMs: number): number {
    for (const reply of this.replies) {
      const k = (trackMs - reply.startMs) / 20;
      if (k < 0 || k >= reply.frames) continue;
      if (this.conditions.audioLoss > 0 && (Math.floor(trackMs / 20) * 7919) % 1000 < this.conditions.audioLoss * 1000) {
        return 0;
      }
      return reply.loudness[Math.floor(k)] ?? 0;
    }
    return 0;
  }

  private pull(): void {
    const pull = this.nextPull;
    this.nextPull += 10;
    const track = this.pulled(pull);
    for (let i = 0; i < 4; i++) this.lock.pushHop(pull + i * HOP, this.loudness(track + i * HOP), pull);
    // The stamp is that of the 20 ms packet the samples came from, whose first half was pulled first.
    const packet = Math.floor(track / 20) * 20;
    const rtp = (this.conditions.rtpBase + packet * 48) >>> 0;
    if (this.seen?.rtp !== rtp) this.seen = { rtp, pull: pull - ((track - packet) % 10) };
    this.playout.seconds += ((this.conditions.playoutMs + 9) / 1000) * 480;
    this.playout.samples += 480;
  }

  private poll(): void {
    this.nextPoll += 1000 / 60;
    if (this.seen) this.lock.pushSource(this.now, this.conditions.ssrc, this.seen.rtp, this.seen.pull);
    this.lock.update(this.now, this.motion.all);
  }

  private stats(): void {
    this.nextStats += 250;
    this.lock.pushPlayout(this.now, this.playout.seconds, this.playout.samples);
  }

  /** Sends the motion that is due, and takes what has arrived. */
  private deliver(): void {
    const senderMs = this.now - 1000 - (this.conditions.drift * (this.now - 1000)) / 1000;
    for (const reply of this.replies) {
      const newest = Math.min(reply.frames - 1, Math.floor((senderMs - reply.startMs) / 20));
      for (let k = this.sentOf(reply) + 2; k <= newest; k += 2) this.send(reply, k);
    }
    this.inbox.sort((a, b) => a.at - b.at);
    while (this.inbox[0] && this.inbox[0].at <= this.now) {
      const { message } = this.inbox.shift() ?? {};
      if (!message) break;
      this.motion.take(message, this.now, this.lock.heard(this.now));
      this.lock.pushArrival(this.now, message.trackSamples / 48);
    }
  }

  private readonly lastSent = new Map<number, number>();

  private sentOf(reply: Reply): number {
    return this.lastSent.get(reply.id) ?? -1;
  }

  private send(reply: Reply, k: number): void {
    this.lastSent.set(reply.id, k);
    this.sent += 1;
    if (this.random() < this.conditions.motionLoss) return;
    const first = Math.max(0, k - 11);
    const energies = Uint8Array.from(reply.loudness.slice(first, k + 1), (amplitude) => {
      const db = amplitude > 0 ? 20 * Math.log10(amplitude) : ENERGY_FLOOR_DB;
      return Math.round(Math.min(1, Math.max(0, 1 - db / ENERGY_FLOOR_DB)) * 255);
    });
    this.inbox.push({
      at: this.now + this.conditions.motionMs + this.random() * this.conditions.motionJitterMs,
      message: {
        kind: MotionKind.FRAMES,
        round: reply.id,
        frame: k,
        trackSamples: (reply.startMs + k * 20) * 48,
        sequence: this.sent,
        flags: 0,
        energies,
        frames: Array.from({ length: k - first + 1 }, () => ({
          weights: new Float32Array(52),
          head: null,
          gaze: null,
        })),
      },
    });
  }
}

/** A quiet local call. */
export function cleanConditions(): Conditions {
  return {
    delayMs: 140,
    playoutMs: 31,
    motionMs: 5,
    motionJitterMs: 3,
    motionLoss: 0,
    audioLoss: 0,
    drift: 0,
    ssrc: 7,
    rtpBase: 0xffff0000,
  };
}
