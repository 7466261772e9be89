/** Opens QWebChannel: Qt injects `qt.webChannelTransport`, the program injects Qt's own qwebchannel.js. */
import type { EnvelopePipe } from "./channel-bridge";
import { BridgeError } from "./error";

interface BridgeObject {
  call(envelope: string, answer: (value: string) => void): void;
  readonly message: { connect(handler: (envelope: string) => void): void };
}

type QWebChannelClass = new (transport: unknown, ready: (channel: { objects: Record<string, unknown> }) => void) => unknown;

interface QtGlobals {
  readonly qt?: { readonly webChannelTransport?: unknown };
  readonly QWebChannel?: QWebChannelClass;
}

const OPEN_DEADLINE_MS = 10_000;

/** True when the page runs inside the program. */
export function insideQt(scope: object = globalThis): boolean {
  return (scope as QtGlobals).qt?.webChannelTransport !== undefined;
}

/**
 * Open the pipe to the program's `bridge` object.
 * @throws BridgeError when qwebchannel.js or the object is missing, or the channel does not open in 10 s.
 */
export function openQtPipe(scope: object = globalThis): Promise<EnvelopePipe> {
  const { qt, QWebChannel } = scope as QtGlobals;
  return new Promise((resolve, reject) => {
    const fail = (message: string): void =>
      reject(new BridgeError({ code: "bridge", message, hint: "Restart AvatarDesk.", retryable: false }));
    if (QWebChannel === undefined) {
      fail("The channel to the program is missing in this page.");
      return;
    }
    const timer = setTimeout(() => fail("The channel to the program did not open."), OPEN_DEADLINE_MS);
    new QWebChannel(qt?.webChannelTransport, (channel) => {
      clearTimeout(timer);
      const object = channel.objects["bridge"] as BridgeObject | undefined;
      if (object === undefined) {
        fail("The program offers no bridge to this page.");
        return;
      }
      resolve({
        call: (envelope) => new Promise((answer) => object.call(envelope, answer)),
        onMessage: (handler) => object.message.connect(handler),
      });
    });
  });
}
