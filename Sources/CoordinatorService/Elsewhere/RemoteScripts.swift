/// The commands that are run on a coordinator's host, in the manner of `pasha-launch`'s: the login shell there may be any
/// (bash, dash, zsh, fish, csh), it only has to run `/bin/sh -c '…'`. So the texts hold no apostrophe, exclamation mark or
/// line break.
enum RemoteScripts {
  static func wrapped(_ parts: [String]) -> String { "exec /bin/sh -c '\(parts.joined(separator: "; "))'" }

  /// The exit status that says that this version is not there.
  static let absent = 113

  /// A conversation. In: a mark, the hash of the bundle; then orders of two words, each answered with a line
  /// `MARK:NAME=VALUE`, until the end of the input.
  ///
  ///     programs BYTES     followed by the packed bundle: put it into ~/.pasha/programs/HASH
  ///     files BYTES        followed by the name of a folder and then packed files: put them into ~/.pasha/started/NAME
  ///     run WORDS          followed by so many words, a line each: run pasha-coord with them, and give its output
  ///     drop NAME          remove ~/.pasha/started/NAME
  ///
  /// Every upload goes into a folder of its own, named after the host and the shell's process, checked, and then renamed: two
  /// at once do not meet before that, and what a broken one left is removed by the next.
  static let conversation = wrapped([
    "echo", "IFS= read -r m", "IFS= read -r h", #"say() { echo "$m:$1=$2"; }"#,
    #"no() { say failed "$1"; exit 1; }"#, "u=$(umask)", "umask 077", #"p="$HOME/.pasha""#, #"b="$p/programs""#,
    #"t="$b/.new.$(uname -n).$$""#, #"clean() { rm -rf "$t"; }"#, "trap clean 0", #"trap "exit 1" 1 2 13 15"#,
    #"say system "$(uname -s)""#, #"say machine "$(uname -m)""#, #"say user "$(id -un 2>/dev/null)""#,
    #"say home "$HOME""#, #"[ -r /proc/self/stat ] && say proc 1"#,
    #"d="$b"; until [ -d "$d" ] || [ -z "$d" ]; do d="${d%/*}"; done"#,
    #"say free "$(LC_ALL=C df -Pk "${d:-/}" 2>/dev/null | tail -n 1)""#,
    #"[ -f "$b/$h/complete" ] && say programs 1"#, "say end 1",
    #"while IFS=" " read -r o s; do case $o in programs) \#(body(programs)) ;; files) \#(body(files)) ;; "#
      + #"run) \#(body(run)) ;; drop) rm -rf "$p/started/$s"; say done 1 ;; *) no order ;; esac; done"#,
  ])

  private static func body(_ parts: [String]) -> String { parts.joined(separator: "; ") }

  private static let programs = [
    #"mkdir -p "$b" || no folder"#,
    #"for d in "$b/.new.$(uname -n)".*; do [ -d "/proc/${d##*.}" ] || rm -rf "$d"; done"#,
    #"mkdir "$t" || no folder"#, "say ready 1", #"head -c "$s" > "$t/packed" || no write"#, "say received 1",
    #"x="$(sha256sum < "$t/packed")" || no sha256sum"#, #"[ "${x%% *}" = "$h" ] || no hash"#,
    #"mkdir "$t/$h" && tar -xzof "$t/packed" -C "$t/$h" || no unpack"#, #"rm -f "$t/packed""#,
    #"echo "$h" > "$t/$h/complete" || no write"#, #"find "$t/$h" -type f -exec sync {} + 2>/dev/null"#,
    #"mv -T "$t/$h" "$b/$h" 2>/dev/null || [ -f "$b/$h/complete" ] || { rm -rf "$b/$h"; mv "$t/$h" "$b/"; } || no move"#,
    #"rm -rf "$t""#, "say done 1",
  ]

  private static let files = [
    "IFS= read -r n", #"f="$p/started/$n""#, #"mkdir -p "$p/started" && mkdir "$f" || no folder"#, "say ready 1",
    #"head -c "$s" | tar -xzof - -C "$f" || { rm -rf "$f"; no unpack; }"#, #"say done "$f""#,
  ]

  private static let run = [
    "set --", #"while [ "$s" -gt 0 ]; do IFS= read -r a; set -- "$@" "$a"; s=$((s-1)); done"#,
    #"x="$(umask "$u"; exec "$b/$h/pasha-coord.sh" "$@" </dev/null)""#, "c=$?",
    #"say output "$(echo "$x" | tail -n 1)""#,
    "say done $c",
  ]

  /// Runs pasha-coord with words, in place of this process but for Ctrl-C, which is the program's: how that ends is said
  /// in either case. `absent` where the bundle is not there.
  static func command(_ words: [String], hash: String) -> String {
    let sets = words.map { #"x=$(printf "%b." "\#(encoded($0))"); set -- "$@" "${x%.}""# }
    return wrapped(
      [
        #"p="$HOME/.pasha/programs/\#(hash)""#, #"[ -f "$p/complete" ] || exit \#(absent)"#, "set --",
      ] + sets + ["trap : 2", #""$p/pasha-coord.sh" "$@""#, "exit $?"])
  }

  /// The text for `printf %b`: all that a shell might act on as octal numbers.
  static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      let isPlain =
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        || "-_./:,=@+".unicodeScalars.contains(scalar)
      let octal = String(byte, radix: 8)
      result += isPlain ? String(Character(scalar)) : "\\0" + String(repeating: "0", count: 3 - octal.count) + octal
    }
    return result
  }
}
