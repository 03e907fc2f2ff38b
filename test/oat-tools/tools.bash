# OpenAttestation's shell tools as they act upon a server, written anew from what is known of them (docs/oat.md): curl, openssl, awk and sed, and no
# more care than they take. SERVER_PORT stands for the port at the top of each; TOOL_SSL for `-ssl3`, which older ones add to curl.
# Called as the tools are: bash tools.bash oat_oem -a -h SERVER '{"Name":"Fabrikam"}'. State is certfile.cer in the current folder.

wlm=WLMService/resources
as=AttestationService/resources
json='Content-Type: application/json'

# A CA that OAT_CERTFILE names, if it is there, else what oat_cert wrote.
cafile() { if [ -n "$OAT_CERTFILE" ] && [ -f "$OAT_CERTFILE" ]; then echo "$OAT_CERTFILE"; else echo certfile.cer; fi; }

# shellcheck disable=SC2086 # TOOL_SSL is several words, or none
ask() { curl $TOOL_SSL -s --cacert "$(cafile)" "$@"; }

# '{"mleName":"a b","oemName":"c"}' → mleName=a%20b&oemName=c: every colon, comma and blank, and nothing else.
arguments() { echo "$1" | sed -e 's/[{}"]//g' -e 's/:/=/g' -e 's/,/\&/g' | awk '{gsub(/ /, "%20"); print}'; }

# That of oat_os keeps colons of values, and knows no JSON with blanks.
os_arguments() { echo "$1" | sed -e 's/":"/=/g' -e 's/","/\&/g' -e 's/["{},]//g' -e 's/ /%20/g'; }

bare() { echo "$1" | sed -e 's/[{}]//g'; }

change() { # RESOURCE ARGUMENTS-OF OPTION -h SERVER JSON
  local url="https://$5:$SERVER_PORT/$1"
  case $3 in
    -a) ask -H "$json" -X POST -d "$6" "$url" ;;
    -e) ask -H "$json" -X PUT -d "$6" "$url" ;;
    -d) ask -X DELETE "$url?$("$2" "$6")" ;;
  esac
}

oat_cert() { echo | openssl s_client -connect "$2:$SERVER_PORT" -cipher DHE-RSA-AES256-SHA 2>/dev/null | tee certfile.cer; }
oat_oem() { change $wlm/oem arguments "$@"; }
oat_os() { change $wlm/os os_arguments "$@"; }
oat_mle() { change $wlm/mles arguments "$@"; }
oat_pcrwhitelist() { change $wlm/mles/whitelist/pcr arguments "$@"; }
oat_host() {
  if [ "$1" = -s ]; then ask -H "$json" "https://$3:$SERVER_PORT/$as/hosts?searchCriteria=$(bare "$4")"; else change "$as/${OLD_PATH:-hosts}" arguments "$@"; fi
}
oat_pollhosts() { ask -H "$json" -X "${POLL_METHOD:-POST}" -d "$3" "https://$2:$SERVER_PORT/$as/PollHosts"; }
# -h SERVER -uname U -upwd P JSON, by somebody else: a header of its own.
oat_pollhosts_user() { ask -H "$json" -H "Auth-blob: $4#$6" -X POST -d "$7" "https://$2:$SERVER_PORT/$as/PollHosts"; }
oat_posthosts() { ask -H "$json" -X POST -d "$4" "https://$3:$SERVER_PORT/$as/PostHosts"; }
oat_view_oem() { ask -H "$json" "https://$2:$SERVER_PORT/$wlm/oem"; }
oat_view_os() { ask -H "$json" "https://$2:$SERVER_PORT/$wlm/os"; }
oat_view_mle() { ask -H "$json" "https://$2:$SERVER_PORT/$wlm/mles/manifest?$(arguments "$3")"; }
oat_mle_search() { ask -H "$json" "https://$2:$SERVER_PORT/$wlm/mles?searchCriteria=$(bare "$3")"; }
oat_analysisType() { ask -H "$json" "https://$3:$SERVER_PORT/$wlm/analysisTypes"; }

"$@"
