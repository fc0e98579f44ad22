#!/usr/bin/env bash
# cryptography 50.0.2: its certificate verifier refuses a person's certificate below a trusted root with an Ed25519 key, as
# "Forbidden public key algorithm" (the list of the Web's CAs), also with policies of extensions that permit everything;
# no policy changes the list. RFC 8410 defines such certificates, and OpenSSL takes the same two.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet cryptography==50.0.2
env/bin/python - <<'PY'
import datetime as dt

import cryptography
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError


def certificate(name, key, issuer, signer, ca):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1)).not_valid_after(dt.datetime(2090, 1, 1))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )


def verdict(person, root):
    free = ExtensionPolicy.permit_all()
    authorities = free.require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    verifier = (
        PolicyBuilder().store(Store([root])).time(dt.datetime(2026, 1, 1))
        .extension_policies(ca_policy=authorities, ee_policy=free).build_client_verifier()
    )
    try:
        verifier.verify(person, [])
    except VerificationError as error:
        return str(error)
    return "holds"


authorities = {
    "ECDSA": ec.generate_private_key(ec.SECP256R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
}
print("cryptography", cryptography.__version__)
for kind, authority in authorities.items():
    root = certificate("Root", authority, None, authority, True)
    key = ec.generate_private_key(ec.SECP256R1())
    person = certificate("Person", key, root.subject, authority, False)
    said = verdict(person, root)
    print(f"{kind}: {said}")
    assert (said == "holds") == (kind == "ECDSA"), "no longer so"
open("person.pem", "wb").write(person.public_bytes(Encoding.PEM))
open("root.pem", "wb").write(root.public_bytes(Encoding.PEM))
PY
openssl verify -CAfile root.pem person.pem
