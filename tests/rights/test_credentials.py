"""Credentials of files: what they say of training becomes a reservation, and never a grant; and codes of content."""

import datetime
import json

import numpy as np
import pytest

from tests.jobs.sounds import tune, wav
from tests.rights.logs import BASE, LICENSED, TIMES, entered
from versionmatch.errors import InputError, IntegrityError
from versionmatch.fingerprint.chromaprint import Chromaprint
from versionmatch.rights import c2pa, iscc
from versionmatch.rights.allowed import allowed
from versionmatch.rights.c2pa import Credential, assertion_of, reservation_of, uses_of


def test_what_is_granted_to_one_operator_is_constrained_and_all_else_not_allowed():
    _, state = entered((*BASE, *LICENSED))
    uses = uses_of([assertion_of(state, "a1", TIMES[3], model_version="v1")])
    assert set(uses.values()) == {"constrained"}
    uses = uses_of([assertion_of(state, "a1", TIMES[3], model_version="v2")])
    assert (uses["ai_training"], uses["data_mining"]) == ("notAllowed", "constrained")
    assert set(uses_of([assertion_of(state, "a2", TIMES[3], model_version="v1")]).values()) == {"notAllowed"}


def test_a_credential_can_reserve_and_cannot_grant():
    for use, reserved in (("allowed", False), ("constrained", True), ("notAllowed", True)):
        said = Credential({"ai_generative_training": use}, "somebody", trusted=False, problems=())
        fact = reservation_of(said, "recording", "r1")
        assert (fact is not None) == reserved
    _, state = entered((*BASE, fact))
    assert "reserved against mining" in " ".join(allowed(state, "a1", "train", TIMES[3], model_version="v1").reasons)
    _, state = entered((*BASE, fact, *LICENSED))
    assert allowed(state, "a1", "train", TIMES[3], model_version="v1")  # a grant overrides the flag
    assert reservation_of(Credential({}, "", trusted=False, problems=()), "recording", "r1") is None


def test_an_assertion_that_is_not_understood_is_refused():
    for entries in ({"cawg.ai_training": {"use": "perhaps"}}, {"cawg.ai_training": {}}, ["x"]):
        with pytest.raises(InputError, match="a credential"):
            uses_of([{"label": "cawg.training-mining", "data": {"entries": entries}}])
    assert uses_of([{"label": "c2pa.actions", "data": {}}]) == {}


@pytest.fixture(scope="module")
def signer():
    """A chain of two certificates and the signer's key, made here: nobody trusts it."""
    pytest.importorskip("c2pa", reason="credentials need the extra [c2pa]")
    x509 = pytest.importorskip("cryptography.x509", reason="making a certificate needs cryptography")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(common):
        return x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tests"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
        )

    def made(subject, issuer, key, by, *, ca):
        now = datetime.datetime.now(datetime.UTC)
        usage = {"key_cert_sign": ca, "crl_sign": ca} | dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
             "decipher_only"), False,
        )  # fmt: skip
        builder = (
            x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(digital_signature=not ca, **usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        )  # fmt: skip
        if not ca:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    chain = made("A signer", "A root", own, root, ca=False) + made("A root", "A root", root, root, ca=True)
    form = serialization.PrivateFormat.PKCS8
    key = own.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    return chain, key


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_a_credential_is_written_and_read_again_without_any_network(signer, tmp_path, form):
    plain, signed = tmp_path / f"plain.{form}", tmp_path / f"signed.{form}"
    plain.write_bytes(wav(tune(1), form=form.upper()))
    assert c2pa.read(plain) is None
    _, state = entered((*BASE, *LICENSED))
    assertion = assertion_of(state, "a1", TIMES[3], model_version="v2")
    c2pa.write(plain, signed, assertion, chain=signer[0], key=signer[1])
    found = c2pa.read(signed)
    assert found.uses == uses_of([assertion])
    assert (found.signer, found.trusted, found.reserves) == ("A signer", False, True)
    assert "signingCredential.untrusted" in found.problems


def test_a_file_that_was_changed_after_it_was_signed_is_noticed(signer, tmp_path):
    plain, signed = tmp_path / "plain.wav", tmp_path / "signed.wav"
    plain.write_bytes(wav(tune(1)))
    _, state = entered(BASE)
    c2pa.write(plain, signed, assertion_of(state, "a1", TIMES[3]), chain=signer[0], key=signer[1])
    content = bytearray(signed.read_bytes())
    content[len(plain.read_bytes()) // 2] ^= 1
    signed.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"is not what its credential was signed over: .*mismatch"):
        c2pa.read(signed)
    with pytest.raises(InputError, match="cannot be given a credential"):
        c2pa.write(plain, tmp_path / "x.wav", {"label": "cawg.training-mining"}, chain="no chain", key=signer[1])
    with pytest.raises(InputError, match="credentials are read and written in"):
        c2pa.read(tmp_path / "text.txt")


def heard(seed, n=200, flipped=0):
    rng = np.random.default_rng(seed)
    items = rng.integers(0, 2**32, n, dtype=np.uint32)
    items[:flipped] ^= np.uint32(1)
    return Chromaprint(items, n * 0.124)


def test_codes_of_like_sound_are_near_and_of_other_sound_far():
    pytest.importorskip("iscc_lib", reason="content codes need the extra [iscc]")
    one = iscc.audio_code(heard(1))
    assert iscc.distance(one, iscc.audio_code(heard(1))) == 0
    assert iscc.distance(one, iscc.audio_code(heard(1, flipped=8))) < 40
    assert 80 < iscc.distance(one, iscc.audio_code(heard(2))) < 180  # of 256, as for two random words
    with pytest.raises(InputError, match="two kinds or lengths"):
        iscc.distance(one, iscc.audio_code(heard(1), bits=64))


def test_the_code_of_a_file_tells_its_bytes_and_its_sound(tmp_path):
    library = pytest.importorskip("iscc_lib", reason="content codes need the extra [iscc]")
    assert library.conformance_selftest()
    path, other = tmp_path / "a.bin", tmp_path / "b.bin"
    path.write_bytes(b"same bytes" * 99)
    other.write_bytes(b"same bytes" * 99)
    assert iscc.code_of(path) == iscc.code_of(other)
    other.write_bytes(b"same bytes" * 98)
    assert iscc.code_of(path) != iscc.code_of(other)
    whole = library.iscc_decompose(iscc.code_of(path, heard(1)))
    assert len(whole) == 3
    assert library.iscc_decompose(iscc.code_of(path)) == whole[1:]


def test_flags_by_code_are_the_three_keys_of_tdm_ai():
    told = iscc.tdm_flags([("ISCC:X", True, "https://example.org/licence"), ("ISCC:Y", False, "")])
    assert json.loads(json.dumps(told)) == [
        {"iscc": "ISCC:X", "tdm-reservation": 1, "tdm-policy": "https://example.org/licence"},
        {"iscc": "ISCC:Y", "tdm-reservation": 0},
    ]
