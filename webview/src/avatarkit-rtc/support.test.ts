import { describe, expect, it } from "vitest";
import { type BrowserFeatures, browserFeatures, checkSupport } from "./support";

const everything: BrowserFeatures = {
  peerConnection: true,
  dataChannel: true,
  webgl2: true,
  secureContext: true,
  getUserMedia: true,
  synchronizationSources: true,
  trackProcessor: true,
  outputSelection: true,
};

describe("the browser check", () => {
  it("has nothing to say about a browser that has everything", () => {
    expect(checkSupport(everything)).toEqual({ supported: true, missing: [], degraded: [], message: "" });
  });

  it("names what makes a conversation impossible", () => {
    const report = checkSupport({ ...everything, webgl2: false, peerConnection: false });
    expect(report.supported).toBe(false);
    expect(report.message).toContain("WebGL 2 is missing: the avatar can't be drawn");
    expect(report.message).toContain("RTCPeerConnection");
  });

  it("lets a browser without MediaStreamTrackProcessor talk, and says what is poorer", () => {
    const report = checkSupport({ ...everything, trackProcessor: false });
    expect(report.supported).toBe(true);
    expect(report.degraded.map(({ feature }) => feature)).toEqual(["MediaStreamTrackProcessor"]);
  });

  it("asks the browser at hand, which here has no WebRTC", () => {
    expect(browserFeatures().peerConnection).toBe(false);
  });
});
