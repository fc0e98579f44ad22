#!/usr/bin/env bash
# HL7 v2.4 has a fixed form for the telephone numbers of the United States and countries that conform to it (chapter 2, data type TN);
# how a number of another country is written it leaves open. HAPI HL7v2 2.6.0 holds every one to the fixed form by its
# default validation: a patient's number with a country code cannot be parsed in 2.4, and in 2.5.1 it can. So an
# engine built on it answers AE to a registration from nearly anywhere.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
dependency() {  # GROUP:ARTIFACT@VERSION
  IFS=:@ read -r group artifact version <<<"$1"
  echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
}
cat > pom.xml <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>findings</groupId><artifactId>telephones</artifactId><version>1</version><dependencies>
$(dependency ca.uhn.hapi:hapi-base@2.6.0) $(dependency ca.uhn.hapi:hapi-structures-v24@2.6.0)
$(dependency ca.uhn.hapi:hapi-structures-v251@2.6.0) $(dependency org.slf4j:slf4j-nop@1.7.36)
</dependencies></project>
XML
mvn -q -B dependency:copy-dependencies -DoutputDirectory=jars
cat > Telephones.java <<'JAVA'
import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HL7Exception;

class Telephones {
    static String parsed(String version, String number) throws Exception {
        String message = "MSH|^~\\&|RIS|H|PACS|H|20260101120000||ADT^A04^ADT_A01|1|P|" + version + "\r"
            + "EVN||20260101120000\rPID|1||1^^^H^MR||A^B||||||||" + number + "\rPV1|1|O\r";
        try (DefaultHapiContext context = new DefaultHapiContext()) {
            context.getPipeParser().parse(message);
            return "parsed";
        } catch (HL7Exception error) {
            return "refused";
        }
    }

    public static void main(String[] given) throws Exception {
        for (String version : new String[] {"2.4", "2.5.1"})
            for (String number : new String[] {"(555)555-0100", "+49 30 5550100"})
                System.out.println(version + " " + number + ": " + parsed(version, number));
    }
}
JAVA
echo "HAPI HL7v2 $(ls jars/hapi-base-*.jar | sed 's/.*hapi-base-//; s/\.jar//')"
java -cp "jars/*" Telephones.java | tee said.txt
diff said.txt - <<'TXT'
2.4 (555)555-0100: parsed
2.4 +49 30 5550100: refused
2.5.1 (555)555-0100: parsed
2.5.1 +49 30 5550100: parsed
TXT
