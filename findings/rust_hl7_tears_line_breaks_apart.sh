#!/usr/bin/env bash
# Reports have their lines divided by \.br\ (HL7 v2 chapter 2, formatting codes); a reader that does not format may leave it
# as it stands. rust-hl7 0.5.0, decoding text, repeats the letter before it and loses its second backslash. What it decodes of
# \X..\ is right, and told on standard output, which is that of the program that uses it.
set -euo pipefail
command -v cargo >/dev/null || { echo "needs Rust with cargo"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "lines"
version = "0.1.0"
edition = "2021"
[dependencies]
rust-hl7 = "=0.5.0"
[profile.dev]
debug = false
TOML
cat >src/main.rs <<'RS'
use rusthl7::{escape_sequence::EscapeSequence, message::Message};

fn main() {
    let message = Message::try_from("MSH|^~\\&|RIS|H|PACS|H|20260130101500||ORU^R01|1|P|2.5.1\r").unwrap();
    let decoder = EscapeSequence::new(message.get_separators());
    for text in ["CT \\T\\ MR", "one\\.br\\two", "\\X41\\"] {
        let decoded = decoder.decode(text).to_string();
        println!("{text} -> {decoded}");
    }
}
RS
cargo build --quiet 2>built.txt || { cat built.txt; exit 2; }
echo "rust-hl7@0.5.0"
target/debug/lines | tee said.txt
diff said.txt - <<'TXT'
CT \T\ MR -> CT & MR
one\.br\two -> onee\.brtwo
Converted hex code 41 to [65]
\X41\ -> A
TXT
