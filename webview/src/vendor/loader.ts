/**
 * Finds the vendor's AvatarKit packages, when the user has them: installed beside this client when the page was built,
 * or dropped into the folder that the program serves as `vendor/`.
 */
import { type AvatarRuntime, guessFraction } from "./runtime";

/** Setting `avatarRuntime`. */
export type RuntimeChoice = "auto" | "open" | "vendor";

/** An imported module. */
export type Module = Readonly<Record<string, unknown>>;

/** Where modules come from; replaced in tests. */
export interface ModuleSource {
  /** Packages installed when the page was built: their name and how to load them. */
  installed(): ReadonlyMap<string, () => Promise<Module>>;
  /** The list of dropped-in packages, or null if there is none. */
  manifest(): Promise<unknown>;
  /** Loads a file of the drop-in folder. */
  load(path: string): Promise<Module>;
}

/** The vendor's packages were asked for, and can't be used. `hint` says what to do. */
export class VendorRuntimeError extends Error {
  override readonly name = "VendorRuntimeError";

  constructor(
    readonly code: "vendor_missing" | "vendor_broken",
    message: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Names the packages have had, newest last; the first pair found is taken. */
const PACKAGES: readonly (readonly [core: string, rtc: string])[] = [
  ["@spatialwalk/avatarkit", "@spatialwalk/avatarkit-rtc"],
  ["@spatius/avatarkit", "@spatius/avatarkit-rtc"],
];

const HOW_TO =
  "Install @spatialwalk/avatarkit and @spatialwalk/avatarkit-rtc in webview/ and build the page again, or put " +
  "bundled ES modules of them into the program's vendor folder with a manifest.json " +
  '{"version": 1, "core": "avatarkit.js", "rtc": "avatarkit-rtc.js"}. Or set the avatar runtime to "open".';

/**
 * The runtime for a setting. `auto` takes the vendor's packages if they are there and usable.
 *
 * @throws VendorRuntimeError - `vendor` was chosen and the packages are missing or unusable
 */
export async function loadRuntime(
  choice: RuntimeChoice,
  source: ModuleSource = pageModules,
  log: (message: string) => void = () => undefined,
): Promise<AvatarRuntime> {
  if (choice !== "open") {
    try {
      const vendor = await findVendor(source);
      if (vendor) return vendor;
    } catch (error) {
      if (choice === "vendor" || !(error instanceof VendorRuntimeError)) throw error;
      log(`${error.message} The built-in avatar is used.`);
    }
    if (choice === "vendor") {
      throw new VendorRuntimeError("vendor_missing", "The vendor's avatar packages are not installed.", HOW_TO);
    }
  }
  return (await import("./open")).openRuntime;
}

async function findVendor(source: ModuleSource): Promise<AvatarRuntime | null> {
  const installed = source.installed();
  for (const [core, rtc] of PACKAGES) {
    const loadCore = installed.get(core);
    const loadRtc = installed.get(rtc);
    if (loadCore && loadRtc) return assemble(core, loadCore, loadRtc);
  }
  const files = readManifest(await source.manifest());
  if (!files) return null;
  return assemble(
    `vendor/${files.core}`,
    () => source.load(files.core),
    () => source.load(files.rtc),
  );
}

function readManifest(value: unknown): { core: string; rtc: string } | null {
  if (value === null || value === undefined) return null;
  const { version, core, rtc } = value as { version?: unknown; core?: unknown; rtc?: unknown };
  const isFile = (name: unknown): name is string => typeof name === "string" && /^[\w@][\w@./-]*\.m?js$/.test(name);
  if (version !== 1 || !isFile(core) || !isFile(rtc) || `${core}/${rtc}`.includes("..")) {
    throw new VendorRuntimeError("vendor_broken", "The vendor folder's manifest.json can't be understood.", HOW_TO);
  }
  return { core, rtc };
}

async function assemble(
  name: string,
  loadCore: () => Promise<Module>,
  loadRtc: () => Promise<Module>,
): Promise<AvatarRuntime> {
  let core: Module;
  let rtc: Module;
  try {
    [core, rtc] = await Promise.all([loadCore(), loadRtc()]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VendorRuntimeError("vendor_broken", `The vendor's package ${name} can't be loaded: ${reason}.`, HOW_TO, {
      cause,
    });
  }
  const missing = [
    ...lacking(core, ["AvatarSDK", "AvatarManager", "AvatarView"]),
    ...lacking(rtc, ["AvatarPlayer", "LiveKitProvider"]),
  ];
  if (missing.length > 0) {
    throw new VendorRuntimeError("vendor_broken", `The vendor's package ${name} lacks ${missing.join(", ")}.`, HOW_TO);
  }
  // What the classes do can't be checked from here; contract tests hold a conforming double to it.
  return { kind: "vendor", source: name, ...core, ...rtc, loadFraction: guessFraction } as unknown as AvatarRuntime;
}

function lacking(module: Module, names: readonly string[]): string[] {
  return names.filter((name) => typeof module[name] !== "function");
}

const NODE_MODULES = import.meta.glob<Module>([
  "../../node_modules/@spatialwalk/avatarkit/dist/index.js",
  "../../node_modules/@spatialwalk/avatarkit-rtc/dist/index.js",
  "../../node_modules/@spatius/avatarkit/dist/index.js",
  "../../node_modules/@spatius/avatarkit-rtc/dist/index.js",
]);

/** The page's own modules and its `vendor/` folder. */
export const pageModules: ModuleSource = {
  installed: () =>
    new Map(
      Object.entries(NODE_MODULES).map(([path, load]) => [
        path.replace(/^.*node_modules\//, "").replace("/dist/index.js", ""),
        load,
      ]),
    ),
  manifest: async () => {
    // Qt's own schemes have no 404: what is not there fails like a network that is down.
    const response = await fetch(new URL("vendor/manifest.json", document.baseURI)).catch(() => null);
    if (response === null || response.status === 404) return null;
    if (!response.ok) throw new Error(`vendor/manifest.json: ${response.status}`);
    return response.json() as Promise<unknown>;
  },
  load: (path) => import(/* @vite-ignore */ new URL(`vendor/${path}`, document.baseURI).href) as Promise<Module>,
};
