/** Chooses between our own client and the vendor's packages. */
export { loadRuntime, type RuntimeChoice, VendorRuntimeError } from "./loader";
export type {
  AvatarRuntime,
  RuntimeAvatar,
  RuntimeKind,
  RuntimeLoadProgress,
  RuntimePlayer,
  RuntimeProvider,
  RuntimeView,
} from "./runtime";
