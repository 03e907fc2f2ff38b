# What does a JSON document say, as lines a shell can read? For each value that is text, number, true, false or null one
# line: path, tab, value. `{"a": {"b": ["c"]}}` gives `a/b/0<tab>c`. A `/` in a key stays written `\/`, so that no key
# can pass for a path; control characters stay escaped, so that no value can pass for a second line. Ends with status 1,
# after whatever it has read so far, on anything that is not JSON.
function fail() { broken = 1; exit 1 }
# The next token, off the front of `text`.
function next_token(  token) {
  sub(/^[ \t\r\n]+/, "", text)
  if (match(text, /^[][{}:,]/) || match(text, /^"([^"\\]|\\.)*"/) || match(text, /^[-+.0-9A-Za-z]+/)) {
    token = substr(text, 1, RLENGTH)
    text = substr(text, RLENGTH + 1)
    return token
  }
  fail()
}
# A string token without its quotes and without the escapes that are not needed on one line.
function unquoted(token, is_key,  out, code) {
  if (token !~ /^"/) fail()
  token = substr(token, 2, length(token) - 2)
  if (token ~ /[\001-\037]/) fail()
  out = ""
  while (match(token, /\\u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]|\\./)) {
    out = out substr(token, 1, RSTART - 1)
    code = substr(token, RSTART, RLENGTH)
    token = substr(token, RSTART + RLENGTH)
    if (code == "\\\"") out = out "\""
    else if (code == "\\/") out = out "/"
    else if (tolower(code) in printable) out = out printable[tolower(code)]
    else if (code ~ /^\\(u....|[\\bfnrt])$/) out = out code
    else fail()
  }
  out = out token
  if (is_key) gsub(/\//, "\\/", out)
  return out
}
# `inside`: not the outermost value, whose parts have no path before their name, even an empty one.
function value(path, inside,  token, key, count) {
  token = next_token()
  if (token == "{") {
    token = next_token()
    if (token == "}") return
    for (;;) {
      key = unquoted(token, 1)
      if (next_token() != ":") fail()
      value(inside ? path "/" key : key, 1)
      token = next_token()
      if (token == "}") return
      if (token != ",") fail()
      token = next_token()
    }
  }
  if (token == "[") {
    if (text ~ /^[ \t\r\n]*\]/) { next_token(); return }
    for (count = 0; ; count++) {
      value(inside ? path "/" count : count, 1)
      token = next_token()
      if (token == "]") return
      if (token != ",") fail()
    }
  }
  if (token ~ /^"/) print path "\t" unquoted(token, 0)
  else if (token ~ /^(true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)$/) print path "\t" token
  else fail()
}
BEGIN {
  for (i = 32; i < 127; i++) if (i != 92) printable[sprintf("\\u%04x", i)] = sprintf("%c", i)
}
{ text = text $0 "\n" }
END {
  if (broken) exit 1
  value("", 0)
  if (text !~ /^[ \t\r\n]*$/) fail()
}
