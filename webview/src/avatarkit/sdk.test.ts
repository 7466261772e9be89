import { afterEach, describe, expect, it } from "vitest";
import { AvatarError, ErrorCode, toAvatarError } from "./errors";
import { AvatarManager } from "./manager";
import { AvatarSDK } from "./sdk";
import { DrivingServiceMode, Environment, type LoadProgressInfo } from "./types";
import { fakeAsset } from "./fake-renderer";
import type { AvatarAsset } from "./render/types";

afterEach(() => AvatarSDK.cleanup());

describe("AvatarSDK", () => {
  it("keeps what it is told, and forgets it on cleanup", async () => {
    await AvatarSDK.initialize("app", { environment: Environment.intl, drivingServiceMode: "host" });
    AvatarSDK.setSessionToken("token");
    AvatarSDK.setUserId("somebody");
    const kept = (): unknown[] => [AvatarSDK.isInitialized, AvatarSDK.appId, AvatarSDK.sessionToken, AvatarSDK.userId];
    expect(kept()).toEqual([true, "app", "token", "somebody"]);
    AvatarSDK.cleanup();
    expect(kept()).toEqual([false, null, null, null]);
  });

  it.each(Object.values(DrivingServiceMode))("accepts the mode %s", async (drivingServiceMode) => {
    await AvatarSDK.initialize("app", { drivingServiceMode, region: "us-west" });
    expect(AvatarSDK.configuration?.drivingServiceMode).toBe(drivingServiceMode);
  });

  it("rejects an empty app id, another app id, and a mode it does not know", async () => {
    await expect(AvatarSDK.initialize(" ")).rejects.toThrow("The app id is empty.");
    await AvatarSDK.initialize("one");
    await expect(AvatarSDK.initialize("two")).rejects.toThrow("another app id");
    const wrong = { drivingServiceMode: "telepathy" } as unknown as { drivingServiceMode: "host" };
    await expect(AvatarSDK.initialize("one", wrong)).rejects.toThrow('"telepathy" is unknown');
  });
});

/** A loader whose downloads end when the test says so. */
function manualLoader() {
  const downloads: { id: string; base: URL; finish: (asset: AvatarAsset) => void; fail: (error: Error) => void }[] = [];
  const manager = new AvatarManager((id, base, onProgress, signal) => {
    onProgress(0.5);
    return new Promise<AvatarAsset>((finish, fail) => {
      signal.addEventListener("abort", () => fail(signal.reason as Error));
      downloads.push({ id, base, finish, fail });
    });
  });
  return { manager, downloads };
}

describe("AvatarManager", () => {
  it("wants the SDK initialized first", async () => {
    await expect(manualLoader().manager.load("nova")).rejects.toMatchObject({ code: "notInitialized" });
  });

  it("downloads once for everybody who asks at the same time, and never again", async () => {
    await AvatarSDK.initialize("app");
    const { manager, downloads } = manualLoader();
    const seen: LoadProgressInfo[] = [];
    const first = manager.load("nova", (info) => seen.push(info));
    const second = manager.load("nova");
    await Promise.resolve();
    expect(downloads).toHaveLength(1);
    expect(downloads[0]?.base.pathname).toMatch(/avatars\/$/);
    downloads[0]?.finish(fakeAsset("nova"));
    expect(await first).toBe(await second);
    expect(seen.map(({ type, progress }) => [type, progress])).toEqual([
      ["downloading", 50],
      ["completed", 100],
    ]);
    expect(manager.retrieve("nova")).toBe(await manager.load("nova"));
    expect(downloads).toHaveLength(1);
  });

  it("takes avatars from where the configuration says", async () => {
    await AvatarSDK.initialize("app", { assetBaseUrl: "https://example.org/my/" });
    const { manager, downloads } = manualLoader();
    void manager.load("nova");
    await Promise.resolve();
    expect(downloads[0]?.base.href).toBe("https://example.org/my/");
    downloads[0]?.finish(fakeAsset());
  });

  it("cancels a download, and can load again", async () => {
    await AvatarSDK.initialize("app");
    const { manager, downloads } = manualLoader();
    const seen: string[] = [];
    const loading = manager.load("nova", ({ type }) => seen.push(type));
    await Promise.resolve();
    manager.cancelLoad("nova");
    await expect(loading).rejects.toMatchObject({ code: "loadCancelled" });
    expect(seen.at(-1)).toBe("failed");
    const again = manager.load("nova");
    await Promise.resolve();
    downloads[1]?.finish(fakeAsset("nova"));
    expect((await again).id).toBe("nova");
  });

  it("forgets avatars when told to", async () => {
    await AvatarSDK.initialize("app");
    const manager = new AvatarManager((id) => Promise.resolve(fakeAsset(id)));
    await manager.load("nova");
    await manager.load("iris");
    manager.clear("nova");
    expect([manager.retrieve("nova"), manager.retrieve("iris")?.id]).toEqual([null, "iris"]);
    manager.clearAll();
    expect(manager.retrieve("iris")).toBeNull();
  });
});

describe("AvatarError", () => {
  it("carries the codes of both generations", () => {
    const cause = Object.assign(new Error("There is no avatar called x."), { code: "UNKNOWN_AVATAR" });
    const error = toAvatarError(cause);
    expect(error).toBeInstanceOf(AvatarError);
    expect(error).toMatchObject({ code: "avatarIDUnrecognized", legacyCode: ErrorCode.avatarIdWrong, cause });
    expect(error.message).toBe("There is no avatar called x.");
  });
});
