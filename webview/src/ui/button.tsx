import type { ComponentChildren, JSX } from "preact";

export interface IconButtonProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly tone?: "plain" | "end" | "primary";
  readonly shortcut?: string;
  readonly badge?: boolean;
  readonly disabled?: boolean;
}

/** A round button with an icon; its label is its tooltip and its name. */
export function IconButton(props: IconButtonProps): JSX.Element {
  const { label, onClick, children, pressed, expanded, tone = "plain", shortcut, badge, disabled } = props;
  return (
    <button
      type="button"
      class="round"
      data-tone={tone}
      data-badge={badge === true}
      aria-label={label}
      title={shortcut === undefined ? label : `${label} (${shortcut})`}
      onClick={onClick}
      {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
      {...(expanded === undefined ? {} : { "aria-expanded": expanded })}
      {...(shortcut === undefined ? {} : { "aria-keyshortcuts": shortcut })}
      disabled={disabled === true}
    >
      {children}
    </button>
  );
}
