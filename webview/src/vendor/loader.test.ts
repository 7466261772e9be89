import { afterEach, describe, expect, it, vi } from "vitest";
import { AvatarSDK } from "../avatarkit";
import { fakeVendorModules } from "./fake-vendor";
import { loadRuntime, type Module, type ModuleSource, pageModules, VendorRuntimeError } from "./loader";
import { type AvatarRuntime, guessFraction } from "./runtime";

/** Modules as the test lays them out. */
function source(options: { installed?: string[]; manifest?: unknown; files?: Record<string, Module> } = {}): ModuleSource {
  const { core, rtc } = fakeVendorModules();
  return {
    installed: () =>
      new Map((options.installed ?? []).map((name) => [name, () => Promise.resolve(name.endsWith("rtc") ? rtc : core)])),
    manifest: () => Promise.resolve(options.manifest ?? null),
    load: (path) => {
      const module = (options.files ?? { "core.js": core, "rtc.js": rtc })[path];
      return module ? Promise.resolve(module) : Promise.reject(new Error(`404 ${path}`));
    },
  };
}

const DROPPED = { version: 1, core: "core.js", rtc: "rtc.js" };

describe("choosing a runtime", () => {
  it("takes our own when nothing of the vendor's is there", async () => {
    expect((await loadRuntime("auto", source())).kind).toBe("open");
  });

  it("takes our own when told to, whatever is there", async () => {
    expect((await loadRuntime("open", source({ manifest: DROPPED }))).kind).toBe("open");
  });

  it.each(["@spatialwalk/avatarkit", "@spatius/avatarkit"])("finds an installed %s", async (name) => {
    const runtime = await loadRuntime("auto", source({ installed: [name, `${name}-rtc`] }));
    expect(runtime).toMatchObject({ kind: "vendor", source: name });
  });

  it("finds packages dropped into the vendor folder", async () => {
    const runtime = await loadRuntime("vendor", source({ manifest: DROPPED }));
    expect(runtime).toMatchObject({ kind: "vendor", source: "vendor/core.js" });
  });

  it("explains how to get the vendor's packages when they were chosen and are missing", async () => {
    const refused = loadRuntime("vendor", source({ installed: ["@spatialwalk/avatarkit"] }));
    await expect(refused).rejects.toMatchObject({ code: "vendor_missing" });
    await expect(refused).rejects.toHaveProperty("hint", expect.stringContaining("@spatialwalk/avatarkit-rtc"));
  });

  it.each([
    ["a file that is not there", { ...DROPPED, core: "gone.js" }, "404 gone.js"],
    ["a manifest of another version", { ...DROPPED, version: 2 }, "can't be understood"],
    ["a path out of the folder", { ...DROPPED, core: "a/../../core.js" }, "can't be understood"],
    ["an address elsewhere", { ...DROPPED, core: "https://example.org/core.js" }, "can't be understood"],
  ])("refuses %s, and falls back to our own when it may", async (_, manifest, message) => {
    await expect(loadRuntime("vendor", source({ manifest }))).rejects.toThrow(message);
    const log = vi.fn();
    expect((await loadRuntime("auto", source({ manifest }), log)).kind).toBe("open");
    expect(log).toHaveBeenCalledOnce();
  });

  it("names what a package lacks", async () => {
    const files = { "core.js": { AvatarSDK: fakeVendorModules().core["AvatarSDK"] }, "rtc.js": fakeVendorModules().rtc };
    const refused = loadRuntime("vendor", source({ manifest: DROPPED, files }));
    await expect(refused).rejects.toThrow("lacks AvatarManager, AvatarView");
    await expect(refused).rejects.toBeInstanceOf(VendorRuntimeError);
  });

  it("looks for a manifest beside the page", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", (address: URL) => {
      asked.push(address.href);
      return Promise.resolve(new Response("", { status: 404 }));
    });
    expect(await pageModules.manifest()).toBeNull();
    expect(asked).toEqual([expect.stringMatching(/\/vendor\/manifest\.json$/)]);
    vi.unstubAllGlobals();
  });

  it("reads progress in percent and in fractions", () => {
    expect(guessFraction({ type: "downloading", progress: 0.4 })).toBe(0.4);
    expect(guessFraction({ type: "downloading", progress: 40 })).toBe(0.4);
    expect(guessFraction({ type: "completed" })).toBe(1);
  });
});

const RUNTIMES: [string, () => Promise<AvatarRuntime>][] = [
  ["open", () => loadRuntime("open", source())],
  ["vendor (double)", () => loadRuntime("vendor", source({ manifest: DROPPED }))],
];

describe.each(RUNTIMES)("the contract of a runtime: %s", (_, load) => {
  afterEach(() => {
    AvatarSDK.cleanup();
    document.body.replaceChildren();
  });

  it("refuses an empty app id", async () => {
    const runtime = await load();
    await expect(runtime.AvatarSDK.initialize("", {})).rejects.toThrow();
  });

  it("does not load an avatar before it is initialized", async () => {
    const runtime = await load();
    runtime.AvatarSDK.cleanup();
    await expect(runtime.AvatarManager.shared.load("nova")).rejects.toThrow(/initialize/);
  });

  it("has a player that is not connected yet and says so", async () => {
    const runtime = await load();
    const player = await idlePlayer(runtime);
    expect(player.isConnected).toBe(false);
    expect(player.getConnectionState()).toBe("disconnected");
    expect(player.getNativeClient()).toBeNull();
    await expect(player.startPublishing()).rejects.toThrow("Not connected. Please call connect() first.");
    await expect(player.reconnect()).rejects.toThrow("Cannot reconnect: no previous connection.");
    await player.disconnect();
  });
});

async function idlePlayer(runtime: AvatarRuntime) {
  if (runtime.kind === "open") {
    const { AvatarPlayer, LiveKitProvider } = await import("../avatarkit-rtc");
    const { AvatarController } = await import("../avatarkit");
    const { neutralFrame } = await import("../avatarkit/frames");
    // The open view needs WebGL, which there is none of here; the player needs little of it.
    return new AvatarPlayer(new LiveKitProvider(), {
      controller: new AvatarController(),
      isReady: true,
      addFrameDriver: () => () => undefined,
      renderFrame: () => undefined,
      currentFrame: neutralFrame,
    });
  }
  const container = document.createElement("div");
  document.body.append(container);
  await runtime.AvatarSDK.initialize("app", {});
  const avatar = await runtime.AvatarManager.shared.load("nova");
  if (!avatar) throw new Error("no avatar");
  return new runtime.AvatarPlayer(new runtime.LiveKitProvider(), new runtime.AvatarView(avatar, container));
}
