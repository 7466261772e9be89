/** What a browser must have for a conversation, named so that a person can act on it. */
import { trackProcessor } from "./lock/tap";

/** One thing a browser may lack. */
export interface MissingFeature {
  /** The API's name. */
  readonly feature: string;
  /** What does not work without it. */
  readonly effect: string;
}

/** What a browser lacks. */
export interface SupportReport {
  /** A conversation is possible. */
  readonly supported: boolean;
  /** Without these, no conversation. */
  readonly missing: readonly MissingFeature[];
  /** Without these, it is poorer. */
  readonly degraded: readonly MissingFeature[];
  /** One sentence for people; empty when nothing is missing. */
  readonly message: string;
}

/** Asked of the browser; replaced in tests. */
export interface BrowserFeatures {
  readonly peerConnection: boolean;
  readonly dataChannel: boolean;
  readonly webgl2: boolean;
  readonly secureContext: boolean;
  readonly getUserMedia: boolean;
  readonly synchronizationSources: boolean;
  readonly trackProcessor: boolean;
  readonly outputSelection: boolean;
}

/** What this browser has. */
export function browserFeatures(): BrowserFeatures {
  const scope = globalThis as {
    RTCPeerConnection?: { prototype: object };
    RTCRtpReceiver?: { prototype: object };
    HTMLMediaElement?: { prototype: object };
    isSecureContext?: boolean;
    navigator?: { mediaDevices?: { getUserMedia?: unknown } };
  };
  const has = (type: { prototype: object } | undefined, method: string): boolean =>
    type !== undefined && method in type.prototype;
  return {
    peerConnection: scope.RTCPeerConnection !== undefined,
    dataChannel: has(scope.RTCPeerConnection, "createDataChannel"),
    webgl2: document.createElement("canvas").getContext("webgl2") !== null,
    secureContext: scope.isSecureContext === true,
    getUserMedia: scope.navigator?.mediaDevices?.getUserMedia !== undefined,
    synchronizationSources: has(scope.RTCRtpReceiver, "getSynchronizationSources"),
    trackProcessor: trackProcessor() !== undefined,
    outputSelection: has(scope.HTMLMediaElement, "setSinkId"),
  };
}

const NEEDED: readonly [keyof BrowserFeatures, MissingFeature][] = [
  ["peerConnection", { feature: "RTCPeerConnection (WebRTC)", effect: "no call can be made" }],
  ["dataChannel", { feature: "RTCDataChannel", effect: "the avatar gets no motion" }],
  ["webgl2", { feature: "WebGL 2", effect: "the avatar can't be drawn" }],
];
const WANTED: readonly [keyof BrowserFeatures, MissingFeature][] = [
  ["secureContext", { feature: "a secure page (https, or this computer)", effect: "the microphone can't be used" }],
  ["getUserMedia", { feature: "getUserMedia", effect: "the microphone can't be used; typed chat works" }],
  [
    "synchronizationSources",
    { feature: "RTCRtpReceiver.getSynchronizationSources", effect: "lip-sync follows a model instead of the sound" },
  ],
  ["trackProcessor", { feature: "MediaStreamTrackProcessor", effect: "lip-sync follows a model instead of the sound" }],
  ["outputSelection", { feature: "HTMLMediaElement.setSinkId", effect: "the loudspeaker can't be chosen" }],
];

/** Checks the browser. */
export function checkSupport(features: BrowserFeatures = browserFeatures()): SupportReport {
  const lacking = (list: typeof NEEDED): MissingFeature[] =>
    list.filter(([key]) => !features[key]).map(([, missing]) => missing);
  const missing = lacking(NEEDED);
  const degraded = lacking(WANTED);
  const name = ({ feature, effect }: MissingFeature): string => `${feature} is missing: ${effect}`;
  const all = [...missing, ...degraded];
  return {
    supported: missing.length === 0,
    missing,
    degraded,
    message: all.length === 0 ? "" : `${all.map(name).join(". ")}.`,
  };
}
