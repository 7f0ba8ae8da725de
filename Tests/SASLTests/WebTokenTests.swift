import Crypto
import CryptoExtras
import FoundationEssentials
import Testing

@testable import SASL

private func encoded(_ bytes: some Sequence<UInt8>) -> String {
    Base64.encode(Array(bytes)).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}

@Suite struct WebTokenTests {
    private static let policy = WebToken.Policy(issuer: "https://id.example.com", audiences: ["smtp", "mail"])
    private static let good = """
        {"iss":"https://id.example.com","aud":["imap","mail"],"exp":2000,"nbf":1000,"email":"anna@example.com"}
        """

    private static let edKey = Curve25519.Signing.PrivateKey()
    private static let keys = try? WebKeySet(
        Array(
            #"{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"\#(encoded(edKey.publicKey.rawRepresentation))"}]}"#
                .utf8))

    private func token(_ claims: String, header: String = #"{"alg":"EdDSA","kid":"k1"}"#) throws -> String {
        let signed = encoded(header.utf8) + "." + encoded(claims.utf8)
        return signed + "." + encoded(try Self.edKey.signature(for: Data(signed.utf8)))
    }

    private func outcome(_ token: String, _ keys: WebKeySet?, now: Double = 1500) throws -> Result<
        String, WebToken.Refusal
    > {
        let keys = try #require(keys)
        do throws(WebToken.Refusal) {
            return .success(try WebToken(token).verifiedName(keys, Self.policy, now: now))
        } catch {
            return .failure(error)
        }
    }

    @Test func goodToken() throws {
        #expect(try outcome(token(Self.good), Self.keys) == .success("anna@example.com"))
    }

    @Test(arguments: [
        (#"{"iss":"https://evil.example","aud":"mail","exp":2000,"email":"a@b"}"#, WebToken.Refusal.issuer),
        (#"{"aud":"mail","exp":2000,"email":"a@b"}"#, .issuer),
        (#"{"iss":"https://id.example.com","aud":"web","exp":2000,"email":"a@b"}"#, .audience),
        (#"{"iss":"https://id.example.com","exp":2000,"email":"a@b"}"#, .audience),
        (#"{"iss":"https://id.example.com","aud":"mail","exp":1400,"email":"a@b"}"#, .expired),
        (#"{"iss":"https://id.example.com","aud":"mail","email":"a@b"}"#, .expired),
        (#"{"iss":"https://id.example.com","aud":"mail","exp":"2000","email":"a@b"}"#, .expired),
        (#"{"iss":"https://id.example.com","aud":"mail","exp":2000,"nbf":1700,"email":"a@b"}"#, .notYetValid),
        (#"{"iss":"https://id.example.com","aud":"mail","exp":2000,"nbf":"x","email":"a@b"}"#, .notYetValid),
        (#"{"iss":"https://id.example.com","aud":"mail","exp":2000,"sub":"a"}"#, .name),
        (#"{"iss":"https://id.example.com","aud":"mail","exp":2000,"email":["a","b"]}"#, .name),
        (#"{"iss":"https://id.example.com","aud":"mail","exp":2000,"email":"a\nb"}"#, .name),
    ])
    func refusedClaims(_ claims: String, _ refusal: WebToken.Refusal) throws {
        #expect(try outcome(token(claims), Self.keys) == .failure(refusal))
    }

    @Test(arguments: [
        (#"{"alg":"none"}"#, WebToken.Refusal.algorithm), (#"{"alg":"HS256","kid":"k1"}"#, .algorithm),
        (#"{"alg":"EdDSA","crit":["exp"]}"#, .algorithm), (#"{"alg":"RS256","kid":"k1"}"#, .signature),
        (#"{"alg":"EdDSA","kid":"k2"}"#, .signature), (#"{"kid":"k1"}"#, .malformed), ("[]", .malformed),
    ])
    func refusedHeaders(_ header: String, _ refusal: WebToken.Refusal) throws {
        #expect(try outcome(token(Self.good, header: header), Self.keys) == .failure(refusal))
    }

    @Test func anyChangedOctetBreaksTheSignature() throws {
        let token = Array(try token(Self.good).utf8)
        for index in token.indices {
            var changed = token
            changed[index] ^= 1
            if case .success = try outcome(String(decoding: changed, as: UTF8.self), Self.keys) {
                // The last letter of base64 has bits that stand for nothing.
                #expect(index == token.indices.last)
            }
        }
    }

    @Test(arguments: ["", ".", "..", "a.b", "a.b.c", "eyJ9.e30.AAAA", "e30.e30.", "e30.e30.AA=="])
    func malformed(_ text: String) throws {
        #expect(try outcome(text, Self.keys) == .failure(.malformed))
    }

    /// The examples of RFC 7515 A.2 and A.3: their claims have no audience, which is looked at behind the signature.
    @Test(arguments: [
        (
            #"{"keys":[{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}]}"#,
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        ),
        (
            #"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#,
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        ),
    ])
    func examplesOfRFC7515(_ keys: String, _ token: String) throws {
        let keys = try WebKeySet(Array(keys.utf8))
        let policy = WebToken.Policy(issuer: "joe", audiences: ["mail"])
        #expect(throws: WebToken.Refusal.audience) {
            try WebToken(token).verifiedName(keys, policy, now: 1_300_000_000)
        }
        let other = try #require(Self.keys)
        #expect(throws: WebToken.Refusal.signature) {
            try WebToken(token).verifiedName(other, policy, now: 1_300_000_000)
        }
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#,
        #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#,
        #"{"keys":[{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}]}"#, #"{"keys":{"kty":"RSA"}}"#,
        #"{"keys":[{"kty":"OKP","crv":"Ed25519","use":"enc","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    ])
    func badKeySets(_ json: String) {
        #expect(throws: WebKeySet.Malformed.self) { try WebKeySet(Array(json.utf8)) }
    }
}
