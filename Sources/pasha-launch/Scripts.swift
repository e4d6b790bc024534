/// The commands that are run on hosts. The login shell there may be any (bash, dash, zsh, fish, csh): it only has to run
/// `/bin/sh -c '…'`. So the texts hold no apostrophe, backslash, exclamation mark or line break, and nothing of the user:
/// what they work on are lines of their standard input, the first of which is a mark that no login prints by chance.
/// Their answers are lines `MARK:NAME=VALUE`.
enum Scripts {
  private static func wrapped(_ parts: [String]) -> String { "exec /bin/sh -c '\(parts.joined(separator: "; "))'" }

  private static let begin = [
    "echo", "IFS= read -r m", #"say() { echo "$m:$1=$2"; }"#,
    #"no() { say failed "$1"; exit 1; }"#,
  ]

  /// Becomes another program. In: the number of its words, the words; what follows is the program's own input.
  private static let become = [
    "IFS= read -r n || exit 0", "set --",
    #"while [ "$n" -gt 0 ]; do IFS= read -r a; set -- "$@" "$a"; n=$((n-1)); done"#, "say start 1", #"exec "$@""#,
  ]

  /// What the host is. In: work folder, hash of the bundle, an empty line after `ready` was answered. Then it waits to
  /// become another program: login shells take their time, so one does both.
  static let probe = wrapped(
    begin + [
      "IFS= read -r w", "IFS= read -r h", "say ready 1", "IFS= read -r x",
      // In a shell of its own: the language of the login is what the agent and its trials get.
      "(LC_ALL=C", "export LC_ALL", #"say time "$(date +%s.%N)""#,
      #"say system "$(uname -s)""#, #"say machine "$(uname -m)""#, #"say kernel "$(uname -r)""#,
      #"say libc "$(getconf GNU_LIBC_VERSION 2>/dev/null)""#, #"say home "$HOME""#, #"say user "$(id -un)""#,
      #"say client "${SSH_CONNECTION%% *}""#,
      #"case "$w" in "~") w="$HOME";; "~/"*) w="$HOME/${w#??}";; /*) ;; *) w="$HOME/$w";; esac"#, #"say work "$w""#,
      #"if [ -r /proc/self/stat ]; then say proc 1; fi"#,
      #"d="$w"; until [ -d "$d" ] || [ -z "$d" ]; do d="${d%/*}"; done"#,
      #"say free "$(df -Pk "${d:-/}" 2>/dev/null | tail -n 1)""#,
      #"if [ -f "$w/bundles/$h/complete" ]; then say bundle 1; fi"#, "say end 1)",
    ] + become)

  /// Puts a packed bundle in place. In: work folder, hash, then the file to the end of the input.
  ///
  /// Each upload has a folder of its own, named after the host and the shell's process: two at once do not meet before
  /// the rename, and what a broken one left is removed by the next.
  static let upload = wrapped(
    begin + [
      "IFS= read -r w", "IFS= read -r h", "umask 077", "LC_ALL=C", "export LC_ALL", #"b="$w/bundles""#,
      #"mkdir -p "$b" || no folder"#,
      #"o="$b/.new.$(uname -n)""#,
      #"for d in "$o".*; do if [ -d "/proc/${d##*.}" ]; then :; else rm -rf "$d"; fi; done"#,
      #"t="$o.$$""#, #"rm -rf "$t""#, #"clean() { rm -rf "$t"; }"#, "trap clean 0", #"trap "exit 1" 1 2 13 15"#,
      #"mkdir "$t" || no folder"#, "say ready 1", #"cat > "$t/packed" || no write"#, "say received 1",
      #"s="$(sha256sum < "$t/packed")" || no sha256sum"#, #"[ "${s%% *}" = "$h" ] || no hash"#,
      #"mkdir "$t/$h" && tar -xzof "$t/packed" -C "$t/$h" || no unpack"#, "say unpacked 1", #"rm -f "$t/packed""#,
      #"echo "$h" > "$t/$h/complete" || no write"#, #"find "$t/$h" -type f -exec sync {} + 2>/dev/null"#,
      "say synced 1",
      #"mv -T "$t/$h" "$b/$h" 2>/dev/null || [ -f "$b/$h/complete" ] || { rm -rf "$b/$h"; mv "$t/$h" "$b/"; } || no move"#,
      #"sync "$b" 2>/dev/null"#, "say done 1",
    ])

  /// Becomes another program.
  static let start = wrapped(begin + become)
}
