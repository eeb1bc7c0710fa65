// What a shell needs to ask `chunker complete`. All knowledge is there: a script stays right when commands and plugins come and go.

/** bash breaks words at `:` and `=`; they are put together again, and what it has of the word already is taken off the answers. */
const BASH = `# bash completion of chunker: source <(chunker completion bash)
_chunker() {
  local rest=\${COMP_LINE:0:COMP_POINT} words=() word i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $i == 0 || $rest == [[:space:]]* || -z $rest ]]; then
      rest=\${rest#"\${rest%%[![:space:]]*}"}
      words+=("")
    fi
    if [[ $rest == "$word"* ]]; then rest=\${rest#"$word"}; else word=$rest rest=; fi
    words[\${#words[@]} - 1]+=$word
  done
  local current=\${words[\${#words[@]} - 1]} lines=() line
  while IFS= read -r line; do lines+=("$line"); done < <("\${words[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  if [[ \${lines[0]} == files ]]; then
    compopt -o filenames 2>/dev/null
    [[ $current == --*=* ]] && current=\${current#*=}
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    return
  fi
  [[ \${lines[0]} == open ]] && compopt -o nospace 2>/dev/null
  local have=\${current%"\${current##*[:=]}"}
  [[ $COMP_WORDBREAKS == *:* && $COMP_WORDBREAKS == *=* ]] || have=
  for line in "\${lines[@]:1}"; do
    line=\${line%%$'\\t'*}
    COMPREPLY+=("\${line#"$have"}")
  done
}
complete -F _chunker chunker
`;

const ZSH = `#compdef chunker
# zsh completion of chunker: source <(chunker completion zsh), behind compinit
_chunker() {
  local -a lines words_ texts
  local line
  lines=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == files ]]; then
    [[ $PREFIX == --*=* ]] && compset -P '*='
    _files
    return
  fi
  for line in "\${(@)lines[2,-1]}"; do
    words_+=("\${line%%$'\\t'*}")
    texts+=("\${line/$'\\t'/  -- }")
  done
  if [[ $lines[1] == open ]]; then
    compadd -S '' -l -d texts -a words_
  else
    compadd -l -d texts -a words_
  fi
}
(( $+functions[compdef] )) && compdef _chunker chunker
`;

const FISH = `# fish completion of chunker: chunker completion fish > ~/.config/fish/completions/chunker.fish
function __chunker_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l lines ($words[1] complete -- $words[2..-1] $current 2>/dev/null)
  if test "$lines[1]" = files
    set -l start (string match -r -- '^--[a-z-]+=' $current)
    for name in (complete -C "'' "(string replace -r -- '^--[a-z-]+=' '' $current))
      echo "$start$name"
    end
  else
    string join \\n -- $lines[2..-1]
  end
end
complete -c chunker -f -a '(__chunker_complete)'
`;

/** What `chunker completion SHELL` prints. */
export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
