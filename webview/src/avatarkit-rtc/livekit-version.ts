/** livekit-client in the version this client is made for. */
import { version } from "livekit-client";

/** From 2.17 on, livekit-client uses one peer connection by default; AvatarKit's RTC Mode asks for 2.16.1. */
export const EXPECTED_LIVEKIT_VERSION = "2.16.1";

/** What to tell somebody who runs another version, or null if it is the right one. */
export function livekitVersionWarning(actual: string = version): string | null {
  if (actual === EXPECTED_LIVEKIT_VERSION) return null;
  return (
    `livekit-client ${actual} is in use, but this client is tested with ${EXPECTED_LIVEKIT_VERSION}. ` +
    `Install livekit-client@${EXPECTED_LIVEKIT_VERSION} if the avatar stays still or silent.`
  );
}
