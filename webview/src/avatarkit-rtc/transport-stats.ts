/** Figures of a received audio track, from getStats(). */
import type { TransportStats } from "./types";

/** Reads one receiver's inbound-rtp and the round trip of its transport. */
export async function readTransportStats(receiver: RTCRtpReceiver): Promise<TransportStats> {
  const found = { lost: 0, received: 0, jitter: 0, rtt: Number.NaN };
  const report = await receiver.getStats();
  report.forEach((stats: unknown) => {
    const entry = stats as Readonly<Record<string, unknown>>;
    const number = (key: string): number => (typeof entry[key] === "number" ? entry[key] : 0);
    if (entry["type"] === "inbound-rtp") {
      found.lost = number("packetsLost");
      found.received = number("packetsReceived");
      found.jitter = number("jitter");
    } else if (entry["type"] === "candidate-pair" && entry["nominated"] === true) {
      found.rtt = number("currentRoundTripTime") * 1000;
    }
  });
  const sent = found.lost + found.received;
  return {
    packetsLost: found.lost,
    packetsReceived: found.received,
    lossRatePct: sent > 0 ? (100 * found.lost) / sent : 0,
    jitterMs: found.jitter * 1000,
    rttMs: found.rtt,
  };
}
