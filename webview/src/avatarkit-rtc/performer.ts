/** One avatar participant: its motion, its voice, and the lock between them. */
import { AudioLock } from "./lock/heard";
import { TrackTap, trackProcessor } from "./lock/tap";
import { MotionBuffer, type MotionEffect } from "./motion/buffer";
import { energyToAmplitude, FRAME_MS, MotionKind, SAMPLES_PER_MS } from "./motion/codec";
import type { Round } from "./motion/round";
import type { Cue } from "./playback";

/** A received audio track. */
export interface Voice {
  readonly track: MediaStreamTrack;
  readonly receiver: RTCRtpReceiver;
}

/** Told what the ear finds. `at` is performance.now() of when it is heard. */
export interface PerformerListener {
  onFirstAudio(round: Round, at: number): void;
  /** The sound of an interrupted round has died away; `silentAt` is when. */
  onSilent(round: Round, silentAt: number): void;
}

/** −48 dBFS: louder is voice, quieter is codec noise. */
const LOUD = 0.004;
/** Slack for the model's error before the first lock. */
const EARLY_MS = 60;
/** Silence this long after an interruption is its end. */
const SILENCE_MS = 100;
/** An interruption is over by then even if nothing can be heard at all. */
const FADE_LIMIT_MS = 2000;

/** Motion and voice of one participant. */
export class Performer {
  readonly motion = new MotionBuffer();
  readonly lock: AudioLock;
  private tap: TrackTap | null = null;
  private voice: Voice | null = null;
  private readonly heardRounds = new WeakSet<Round>();
  private fading: { round: Round; since: number; lastLoudAt: number } | null = null;

  constructor(
    readonly identity: string,
    private readonly listener: PerformerListener,
    private readonly makeTap: (lock: AudioLock, voice: Voice) => TrackTap = (lock, voice) =>
      new TrackTap(lock, voice.receiver, voice.track),
  ) {
    this.lock = new AudioLock((trackMs, heardAt, rms) => this.hear(trackMs, heardAt, rms));
  }

  /** The participant's audio track came, was replaced, or went. */
  setVoice(voice: Voice | null): void {
    if (voice?.track === this.voice?.track) return;
    this.tap?.close();
    this.tap = null;
    this.voice = voice;
    this.lock.resetAudio();
    if (voice) this.tap = this.makeTap(this.lock, voice);
  }

  /** Takes a motion message. */
  push(bytes: Uint8Array, now: number): MotionEffect | null {
    const effect = this.motion.push(bytes, now, this.lock.heard(now));
    if (!effect) return null;
    if (effect.restarted) this.lock.reset();
    const { kind, trackSamples } = effect.message;
    if (kind === MotionKind.FRAMES) this.lock.pushArrival(now, trackSamples / SAMPLES_PER_MS);
    if (kind === MotionKind.INTERRUPTED) {
      this.fading = { round: effect.round, since: now, lastLoudAt: now };
    }
    return effect;
  }

  /** Before each picture: reads the clocks. */
  poll(now: number): void {
    this.tap?.poll(now);
    this.lock.update(now, this.motion.all);
    if (this.voice && trackProcessor() === undefined) this.hearAnnounced(now);
    if (this.fading && now > this.fading.since + FADE_LIMIT_MS) this.fellSilent(this.fading);
  }

  /**
   * What is heard of this avatar.
   *
   * @param delayMs - what the sound takes beyond what the browser knows of
   * @param leadMs - a round counts this long before its first sound
   */
  cue(now: number, delayMs: number, leadMs: number): Cue | null {
    const heard = this.lock.heard(now) - delayMs;
    let oldest: Cue | null = null;
    for (const round of this.motion.all.toReversed()) {
      const { media, paused } = round.at(heard);
      if (Number.isNaN(media)) continue;
      oldest = { round, media, paused };
      if (media >= -leadMs) return oldest;
    }
    return oldest;
  }

  /** Ends listening. */
  close(): void {
    this.tap?.close();
    this.tap = null;
    this.voice = null;
  }

  /** Where the browser shows no samples, what the messages announced stands for what is heard. */
  private hearAnnounced(now: number): void {
    const trackMs = this.lock.heard(now);
    let energy = 0;
    for (const round of this.motion.all) {
      const { media, paused } = round.at(trackMs);
      const frame = Math.floor(media / FRAME_MS);
      const over = round.frameCount !== null && frame >= round.frameCount;
      if (media >= 0 && !paused && !over) energy = Math.max(energy, round.energy(frame));
    }
    this.hear(trackMs, now, energyToAmplitude(energy));
  }

  private hear(trackMs: number, heardAt: number, rms: number): void {
    if (rms > LOUD) {
      for (const round of this.motion.all) {
        if (this.heardRounds.has(round) || !(trackMs >= round.startMs - EARLY_MS)) continue;
        // A round that is over by now was passed before it could be heard (joining late): nobody heard it begin.
        this.heardRounds.add(round);
        if (!(trackMs > round.endMs)) this.listener.onFirstAudio(round, heardAt);
      }
    }
    const fading = this.fading;
    if (!fading) return;
    if (rms > LOUD) fading.lastLoudAt = Math.max(fading.lastLoudAt, heardAt);
    else if (heardAt > fading.lastLoudAt + SILENCE_MS) this.fellSilent(fading);
  }

  private fellSilent({ round, lastLoudAt }: { readonly round: Round; readonly lastLoudAt: number }): void {
    this.fading = null;
    this.listener.onSilent(round, lastLoudAt);
  }
}
