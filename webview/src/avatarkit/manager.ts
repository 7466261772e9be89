/** Loads avatars, once each. */
import { Avatar } from "./avatar";
import { AvatarError, AvatarErrorCode, toAvatarError } from "./errors";
import { loadAsset } from "./render";
import type { AvatarAsset } from "./render/types";
import { AvatarSDK, log, onCleanup } from "./sdk";
import type { LoadProgressInfo } from "./types";

/** Takes progress of a download. */
export type LoadProgressListener = (info: LoadProgressInfo) => void;

/** Downloads an avatar's asset; the renderer's `loadAsset`. */
export type AssetLoader = (
  id: string,
  base: URL,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
) => Promise<AvatarAsset>;

interface Load {
  readonly promise: Promise<Avatar>;
  readonly abort: AbortController;
  readonly listeners: Set<LoadProgressListener>;
}

/** Avatars by id: loaded ones are kept, concurrent loads of one id share a download. */
export class AvatarManager {
  private static instance: AvatarManager | null = null;
  private readonly loaded = new Map<string, Avatar>();
  private readonly loading = new Map<string, Load>();

  /** @param loader - for tests; the app uses {@link AvatarManager.shared} */
  constructor(private readonly loader: AssetLoader = loadAsset) {}

  /** The page's one manager. */
  static get shared(): AvatarManager {
    if (!AvatarManager.instance) {
      const manager = new AvatarManager();
      onCleanup(() => manager.clearAll());
      AvatarManager.instance = manager;
    }
    return AvatarManager.instance;
  }

  /**
   * Loads an avatar, or gives the one loaded before.
   *
   * @param onProgress - called with percents while downloading and once with `completed` or `failed`
   * @throws AvatarError - SDK not initialized, unknown id, failed or cancelled download, unusable asset
   */
  async load(id: string, onProgress?: LoadProgressListener): Promise<Avatar> {
    if (!AvatarSDK.isInitialized) {
      throw new AvatarError(AvatarErrorCode.notInitialized, "Call AvatarSDK.initialize() before loading an avatar.");
    }
    const known = this.loaded.get(id);
    if (known) {
      onProgress?.({ type: "completed", progress: 100 });
      return known;
    }
    const load = this.loading.get(id) ?? this.start(id);
    if (onProgress) load.listeners.add(onProgress);
    return load.promise;
  }

  /** The avatar if it is loaded, else null. */
  retrieve(id: string): Avatar | null {
    return this.loaded.get(id) ?? null;
  }

  /** Ends a running download; its `load()` rejects with `loadCancelled`. */
  cancelLoad(id: string): void {
    this.loading.get(id)?.abort.abort();
  }

  /** Forgets one loaded avatar. Views that show it go on. */
  clear(id: string): void {
    this.loaded.delete(id);
  }

  /** Forgets all loaded avatars and ends all downloads. */
  clearAll(): void {
    for (const load of this.loading.values()) load.abort.abort();
    this.loaded.clear();
  }

  private start(id: string): Load {
    const abort = new AbortController();
    const listeners = new Set<LoadProgressListener>();
    const tell = (info: LoadProgressInfo): void => {
      for (const listener of listeners) listener(info);
    };
    const run = async (): Promise<Avatar> => {
      try {
        const progress = (fraction: number): void => tell({ type: "downloading", progress: Math.round(fraction * 100) });
        const asset = await this.loader(id, assetBase(), progress, abort.signal);
        abort.signal.throwIfAborted();
        const avatar = new Avatar(asset);
        this.loaded.set(id, avatar);
        tell({ type: "completed", progress: 100 });
        return avatar;
      } catch (cause) {
        const error = toAvatarError(cause);
        log.error(`avatar ${id}: ${error.message}`);
        tell({ type: "failed", error });
        throw error;
      } finally {
        this.loading.delete(id);
      }
    };
    const load: Load = { promise: Promise.resolve().then(run), abort, listeners };
    this.loading.set(id, load);
    return load;
  }
}

/** Where avatars lie. */
function assetBase(): URL {
  return new URL(AvatarSDK.configuration?.assetBaseUrl ?? "avatars/", document.baseURI);
}
