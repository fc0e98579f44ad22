#!/usr/bin/env bash
# Korean text is written with an escape sequence before what is in KS X 1001 (PS3.5 annex I). The Go module
# github.com/suyashkumar/dicom v1.1.0 decodes the letters and leaves the sequences in the text, so that a name equals its
# spelling anywhere else no more; half-width katakana of ISO 2022 IR 13 become U+FFFD. Kanji come out right. The files are
# examples of pydicom's.
set -euo pipefail
command -v go >/dev/null || { echo "needs Go 1.22 or later"; exit 2; }
folder=$(mktemp -d); trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
import shutil

from pydicom.data import get_charset_files

for name in ("chrH31.dcm", "chrH32.dcm", "chrI2.dcm"):
    shutil.copy(get_charset_files(name)[0], name)
PY
cat >go.mod <<'MOD'
module findings
go 1.22
require github.com/suyashkumar/dicom v1.1.0
MOD
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

func main() {
	for _, path := range os.Args[1:] {
		dataset, err := dicom.ParseFile(path, nil)
		if err != nil {
			panic(err)
		}
		name, err := dataset.FindElementByTag(tag.PatientName)
		if err != nil {
			panic(err)
		}
		text := name.Value.GetValue().([]string)[0]
		escapes, lost := strings.Count(text, "\x1b"), strings.Count(text, "\ufffd")
		fmt.Printf("%s: %d escape sequences and %d letters lost in the name\n", path, escapes, lost)
	}
}
GO
go mod tidy >tidy.txt 2>&1 || { cat tidy.txt; exit 2; }
echo "suyashkumar/dicom v1.1.0"
go run . chrH31.dcm chrH32.dcm chrI2.dcm | tee said.txt
diff said.txt - <<'TXT'
chrH31.dcm: 0 escape sequences and 0 letters lost in the name
chrH32.dcm: 0 escape sequences and 7 letters lost in the name
chrI2.dcm: 4 escape sequences and 0 letters lost in the name
TXT
