/**
 * Feeds an {@link AudioLock} from a received track: synchronization sources at each animation frame, statistics four
 * times a second, and samples from MediaStreamTrackProcessor where the browser has it.
 */
import { EnvelopeTap } from "./envelope";
import type { AudioLock } from "./heard";
import { TimeBase } from "./timebase";

interface TrackProcessor {
  readonly readable: ReadableStream<AudioData>;
}

type TrackProcessorConstructor = new (init: { track: MediaStreamTrack; maxBufferSize?: number }) => TrackProcessor;

/** MediaStreamTrackProcessor for audio on the page's own thread; undefined where the browser lacks it. */
export function trackProcessor(): TrackProcessorConstructor | undefined {
  return (globalThis as { MediaStreamTrackProcessor?: TrackProcessorConstructor }).MediaStreamTrackProcessor;
}

const STATS_MS = 250;
/** Blocks of 10 ms the browser may hold while the page is busy drawing. */
const MAX_BLOCKS = 200;

/** One track being listened to. */
export class TrackTap {
  private readonly sourceTime = new TimeBase();
  private readonly envelope: EnvelopeTap;
  private reader: ReadableStreamDefaultReader<AudioData> | null = null;
  private buffer = new Float32Array(480);
  private statsTimer: ReturnType<typeof setInterval> | null = null;
  private closed = false;

  constructor(
    private readonly lock: AudioLock,
    private readonly receiver: RTCRtpReceiver,
    track: MediaStreamTrack,
  ) {
    this.envelope = new EnvelopeTap((pull, rms) => this.lock.pushHop(pull, rms, performance.now()));
    this.statsTimer = setInterval(() => void this.readStats(), STATS_MS);
    const Processor = trackProcessor();
    if (Processor) void this.readSamples(new Processor({ track, maxBufferSize: MAX_BLOCKS }));
  }

  /** Polls the RTP clock. Once per animation frame; a poll costs about 0.16 ms. */
  poll(now: number): void {
    const source = this.receiver.getSynchronizationSources()[0];
    if (!source) return;
    const pull = this.sourceTime.toPage(source.timestamp, now);
    this.lock.pushSource(now, source.source, source.rtpTimestamp, pull);
  }

  /** Ends all listening. */
  close(): void {
    this.closed = true;
    if (this.statsTimer !== null) clearInterval(this.statsTimer);
    this.statsTimer = null;
    // A reader that fails to cancel belongs to a track that ended: nothing is left to free.
    this.reader?.cancel().catch(() => undefined);
    this.reader = null;
  }

  private async readStats(): Promise<void> {
    const report = await this.receiver.getStats();
    if (this.closed) return;
    const now = performance.now();
    report.forEach((stats: unknown) => {
      const entry = stats as Readonly<Record<string, unknown>>;
      const number = (key: string): number | null => (typeof entry[key] === "number" ? entry[key] : null);
      if (entry["type"] === "media-playout") {
        const delay = number("totalPlayoutDelay");
        const samples = number("totalSamplesCount");
        if (delay !== null && samples !== null) this.lock.pushPlayout(now, delay, samples);
      } else if (entry["type"] === "inbound-rtp") {
        const delay = number("jitterBufferDelay");
        const emitted = number("jitterBufferEmittedCount");
        if (delay !== null && emitted !== null) this.lock.pushJitterBuffer(now, delay, emitted);
      }
    });
  }

  private async readSamples(processor: TrackProcessor): Promise<void> {
    const reader = processor.readable.getReader();
    this.reader = reader;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      try {
        if (this.buffer.length !== value.numberOfFrames) this.buffer = new Float32Array(value.numberOfFrames);
        value.copyTo(this.buffer, { planeIndex: 0, format: "f32-planar" });
        this.envelope.push(this.buffer, value.sampleRate, value.timestamp / 1000, performance.now());
      } finally {
        value.close();
      }
    }
  }
}
